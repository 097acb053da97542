/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KGIL_CMD_TOP_TERM_H
#define KGIL_CMD_TOP_TERM_H

#include <stdbool.h>

/* Can standard input and output be a screen, and is the terminal able to? */
bool top_can_live(void);

#endif /* KGIL_CMD_TOP_TERM_H */
