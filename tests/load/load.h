/* SPDX-License-Identifier: GPL-2.0 */
/* Many of everything: what the programs of tests/load share. */
#ifndef LOAD_H
#define LOAD_H

#include "kgil_test.h"

/* One TAP line; @what as printf() has it.  Return: @good. */
bool check(bool good, const char *what, ...) __attribute__((format(printf, 2, 3)));
/* The plan; the program's exit status. */
int end_checks(void);

/* WAIT_UNTIL() for what may take this long, in seconds. */
#define LOAD_PATIENCE 300
#define WAIT_LONG_UNTIL(cond)                                              \
	({                                                                 \
		__u64 until_ns_ = now_ns() + LOAD_PATIENCE * NSEC_PER_SEC; \
		bool so_ = false;                                          \
		while (!(so_ = (cond)) && now_ns() < until_ns_)            \
			usleep(2000);                                      \
		so_;                                                       \
	})

/* How many objects there are, as /proc says.  Needs no free descriptor, but once. */
unsigned long objects_now(void);
/* A new object; needs no other free descriptor, but once.  Return: or -errno. */
int make(__u32 type);
void set_nofile(unsigned long n);
/* The number that @argv[1] is, or @otherwise. */
unsigned long count_of(int argc, char **argv, unsigned long otherwise);

#endif /* LOAD_H */
