// SPDX-License-Identifier: GPL-2.0
#include <unistd.h>

#include "top_term.h"

/* Last: it defines words like "columns". */
#include <curses.h>
#include <term.h>

bool top_can_live(void)
{
	int err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	return setupterm(NULL, STDOUT_FILENO, &err) == OK && cursor_address && clear_screen;
}
