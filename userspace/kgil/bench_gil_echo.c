// SPDX-License-Identifier: GPL-2.0
/*
 * An echo server's thread beside CPU-bound ones.  It gives the GIL up around
 * recv() and around send(), so that it takes it twice a request; the client is a
 * process, which asks again as soon as it has the answer.
 */
#include <stdlib.h>

#include "bench_gil.h"
#include "bench_gil_peer.h"
#include "err.h"
#include "opt.h"
#include "work.h"

#define MESSAGE 32
/* What the thread does with a request. */
#define WORK_NS 3000
/* One thread alone runs for this part of the time, to be compared with. */
#define ALONE_PART 4

static void client(int fd)
{
	char message[MESSAGE] = "echo";

	while (gil_peer_send(fd, message, MESSAGE) && gil_peer_receive(fd, message, MESSAGE))
		;
}

static void serve(struct gil_thread *thread, void *arg)
{
	const struct gil_peer *peer = arg;
	uint64_t work = work_rounds_of(WORK_NS);
	char message[MESSAGE];
	bool good = true;

	gil_take(thread);
	while (good && !gil_stopped(thread->run)) {
		gil_drop(thread);
		good = gil_peer_receive(peer->fd, message, MESSAGE);
		gil_take(thread);
		work_rounds(work);
		gil_drop(thread);
		good = good && gil_peer_send(peer->fd, message, MESSAGE);
		gil_take(thread);
		thread->done++;
	}
	gil_drop(thread);
	if (!good)
		exit(err_failed("the echo client has ended"));
}

/*
 * How much of its work the CPU-bound part kept, and how much of that which the
 * I/O thread left to it.
 */
static void put_work(struct gil_outcome *outcome, const struct gil_run *run, double alone)
{
	double io = run->threads[0].hold_ns, cpu = gil_hold_from(run, 1);
	double share = io / (io + cpu), work;

	work = gil_per_second(run, gil_done_from(run, 1)) / alone;
	gil_put(outcome, "work_of_alone", "", work);
	gil_put(outcome, "io_share", "", share);
	if (run->kind->exclusive)
		gil_put(outcome, "work_kept", "", work / (1 - share));
}

static void run_echo(const struct gil_case *c, struct gil_outcome *outcome)
{
	double alone = c->cpu ? gil_alone(c->duration_ns / ALONE_PART) : 0;
	struct gil_peer peer;
	struct gil_run *run;

	gil_peer_start(&peer, client);
	run = gil_case_run(c, 1);
	run->first = serve;
	run->arg = &peer;
	gil_run_for(run, c->duration_ns);
	gil_peer_stop(&peer);
	gil_put(outcome, "requests", "1/s",
		gil_per_second(run, run->threads[0].done));
	if (c->cpu)
		put_work(outcome, run, alone);
	if (c->cpu && c->kind->exclusive)
		gil_put(outcome, "switches", "1/s",
			gil_per_second(run, run->track.switches));
	if ((c->cpu == 1 || c->cpu == 4) && c->kind->exclusive)
		gil_put_times(outcome, "run_length", &run->track.lengths);
	gil_run_free(run);
}

const struct gil_workload gil_workload_echo = {
	.name = "echo",
	.section = "gil-echo",
	.about = "requests that an I/O thread answers beside CPU-bound ones",
	.cpu_max = GIL_CPU_MAX,
	.duration_ns = OPT_SEC,
	.quick_ns = 40 * OPT_MS,
	.run = run_echo,
};
