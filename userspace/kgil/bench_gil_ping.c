// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that sleeps in recv() and is woken by another process: how long from
 * the send() there until it holds the GIL here.
 */
#include <stdlib.h>
#include <time.h>

#include "bench_gil.h"
#include "bench_gil_peer.h"
#include "err.h"
#include "opt.h"
#include "work.h"

/* Between an answer and the next ping; no fraction of any interval. */
#define PAUSE_MIN_NS 300000
#define PAUSE_SPREAD_NS 900000
/* Enough to hold the GIL. */
#define WORK_NS 2000

struct pinged {
	struct gil_peer peer;
	struct hist latency;
};

static void pinger(int fd)
{
	struct timespec pause = { 0 };
	uint64_t stamp;
	char answer;

	srandom(1);
	do {
		pause.tv_nsec = PAUSE_MIN_NS + random() % PAUSE_SPREAD_NS;
		nanosleep(&pause, NULL);
		stamp = work_clock();
	} while (gil_peer_send(fd, &stamp, sizeof(stamp)) && gil_peer_receive(fd, &answer, 1));
}

static void wait_for_pings(struct gil_thread *thread, void *arg)
{
	uint64_t stamp, work = work_rounds_of(WORK_NS);
	struct pinged *pinged = arg;

	while (!gil_stopped(thread->run)) {
		if (!gil_peer_receive(pinged->peer.fd, &stamp, sizeof(stamp)))
			exit(err_failed("the pinging process has ended"));
		gil_take(thread);
		hist_add(&pinged->latency, work_clock() - stamp);
		work_rounds(work);
		gil_drop(thread);
		gil_peer_send(pinged->peer.fd, "", 1);
		thread->done++;
	}
}

static void run_ping(const struct gil_case *c, struct gil_outcome *outcome)
{
	struct pinged pinged = { .latency = { 0 } };
	struct gil_run *run;

	gil_peer_start(&pinged.peer, pinger);
	run = gil_case_run(c, 1);
	run->first = wait_for_pings;
	run->arg = &pinged;
	gil_run_for(run, c->duration_ns);
	gil_peer_stop(&pinged.peer);
	gil_put_times(outcome, "latency", &pinged.latency);
	gil_put(outcome, "latency_p50", "ns", hist_percentile(&pinged.latency, 0.5));
	gil_put(outcome, "latency_p99", "ns", hist_percentile(&pinged.latency, 0.99));
	gil_run_free(run);
}

const struct gil_workload gil_workload_ping = {
	.name = "ping",
	.section = "gil-ping",
	.about = "time until a thread that another process wakes holds the GIL",
	.cpu_max = GIL_CPU_MAX,
	.duration_ns = 500 * OPT_MS,
	.quick_ns = 40 * OPT_MS,
	.run = run_ping,
};
