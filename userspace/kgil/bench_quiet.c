// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_quiet.h"
#include "err.h"
#include "machine.h"
#include "out.h"
#include "work.h"

#define PROBE_NS 20000000ULL
#define CHUNK_NS 10000
/* Less than this part of the best is disturbed. */
#define QUIET_PART 0.9
#define PAUSE_NS 200000000L

/**
 * struct probe - work on all processors at once
 * @end: when it ends
 * @chunk: rounds between two looks at the clock
 * @done: chunks, by all
 */
struct probe {
	uint64_t end;
	uint64_t chunk;
	uint64_t done;
};

/* One processor for each thread, where the process may run. */
static void pin(unsigned int nth)
{
	cpu_set_t all, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && !nth--)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void work(unsigned int index, void *arg)
{
	struct probe *probe = arg;
	uint64_t done = 0;

	pin(index);
	while (work_clock() < probe->end) {
		work_rounds(probe->chunk);
		done++;
	}
	__atomic_add_fetch(&probe->done, done, __ATOMIC_RELAXED);
}

bool bench_is_quiet(void)
{
	static uint64_t best;
	struct probe probe = { .chunk = work_rounds_of(CHUNK_NS) };
	unsigned int cpus = machine_cpus();
	struct work_team *team;

	probe.end = work_clock() + PROBE_NS;
	team = work_team_new(cpus, work, &probe);
	if (!team)
		exit(err_failed("start %u threads: %s", cpus, strerror(errno)));
	work_team_go(team);
	work_team_join(team);
	if (probe.done > best)
		best = probe.done;
	return probe.done >= best * QUIET_PART;
}

bool bench_wait_quiet(uint64_t limit_ns)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t end = work_clock() + limit_ns;

	while (!bench_is_quiet()) {
		if (work_clock() >= end)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}
