/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program that knows nothing of kgil is told: one line on its standard
 * error, once, if that is still what it was at the start.
 */
#ifndef KGIL_PRELOAD_TROUBLE_H
#define KGIL_PRELOAD_TROUBLE_H

/* If there was trouble, say so.  Keeps errno. */
void trouble_tell(void);
/* Without the module the program is not to run: say why, and end it. */
void trouble_end(int err) __attribute__((noreturn));

#endif /* KGIL_PRELOAD_TROUBLE_H */
