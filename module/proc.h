/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/kgil */
#ifndef _KGIL_PROC_H
#define _KGIL_PROC_H

int kgil_proc_init(void);
void kgil_proc_exit(void);

#endif /* _KGIL_PROC_H */
