// SPDX-License-Identifier: GPL-2.0
/* Where threads run, so that what is measured is the lock and not the balancing. */
#define _GNU_SOURCE
#include <sched.h>
#include <unistd.h>

#include "demo.h"

/*
 * The processors that the process may run on; false: only one, or unknown.  The
 * main thread is asked, because a thread may be pinned already.
 */
static bool several(cpu_set_t *all)
{
	return !sched_getaffinity(getpid(), sizeof(*all), all) && CPU_COUNT(all) > 1;
}

/* The number of the @nth processor of @all, from 0. */
static int find(const cpu_set_t *all, unsigned int nth)
{
	int cpu = -1;

	do {
		cpu++;
		if (CPU_ISSET(cpu, all) && !nth--)
			break;
	} while (cpu < CPU_SETSIZE - 1);
	return cpu;
}

void demo_pin_to(unsigned int nth)
{
	cpu_set_t all, one;

	if (!several(&all))
		return;
	CPU_ZERO(&one);
	CPU_SET(find(&all, nth % CPU_COUNT(&all)), &one);
	sched_setaffinity(0, sizeof(one), &one);
}

void demo_pin_away_from(unsigned int nth)
{
	cpu_set_t all;

	if (!several(&all))
		return;
	CPU_CLR(find(&all, nth % CPU_COUNT(&all)), &all);
	sched_setaffinity(0, sizeof(all), &all);
}
