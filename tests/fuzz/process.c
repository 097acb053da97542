// SPDX-License-Identifier: GPL-2.0
/* A process of the fuzzer: threads that run programs, and one that ends their waits. */
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

#include "fuzz.h"

/* How long a call may wait before a signal ends it. */
#define WAIT_NS 2000000
#define TICK_US 1000
#define PROGRAMS_MAX 2000

static struct fuzzer workers[THREADS_MAX];
static atomic_int running;

static void nothing(int signal)
{
	(void)signal;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = nothing };

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGIO, &action, NULL);
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &action, NULL);
	catch_faults();
}

static bool run_calls(struct fuzzer *worker)
{
	const struct program *program = &worker->program;
	struct worker_state *state = worker->state;
	bool is_new = false;
	__u32 i;

	for (i = 0; i < program->length; i++) {
		const struct call *call = &program->calls[i];

		atomic_store_explicit(&state->op, call->op, memory_order_relaxed);
		atomic_store_explicit(&state->since, now_ns(), memory_order_release);
		is_new |= new_result(call, run_call(worker, call));
		atomic_store_explicit(&state->since, 0, memory_order_release);
	}
	atomic_fetch_add_explicit(&state->calls, program->length, memory_order_relaxed);
	return is_new;
}

static bool choose_program(struct fuzzer *worker)
{
	if (replay_program(&worker->program))
		return true;
	if (arena->only_replay)
		return false;
	if (atomic_load(&arena->corpus_size) && below(&worker->random, 4))
		vary_program(&worker->random, &worker->program);
	else
		make_program(&worker->random, &worker->program);
	return true;
}

static void *thread_main(void *argument)
{
	struct fuzzer *worker = argument;
	int programs = below(&worker->random, PROGRAMS_MAX);

	begin_cover();
	atomic_store(&worker->state->tid, gettid());
	while (programs-- && !atomic_load(&arena->stop)) {
		bool is_new;

		if (!choose_program(worker)) {
			atomic_store(&arena->stop, 1);
			break;
		}
		start_cover();
		is_new = run_calls(worker);
		if (stop_cover() || is_new)
			keep_program(&worker->program);
	}
	atomic_store(&worker->state->tid, 0);
	atomic_fetch_sub(&running, 1);
	return NULL;
}

static void end_long_waits(void)
{
	int i;

	for (i = 0; i < arena->threads; i++) {
		struct worker_state *state = workers[i].state;
		__u64 since = atomic_load(&state->since), now = now_ns();
		pid_t tid = atomic_load(&state->tid);

		if (tid && since && now > since && now - since > WAIT_NS)
			syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
	}
}

void process_main(int process, __u64 life)
{
	pthread_t thread;
	int i;

	catch_signals();
	begin_process(process);
	running = arena->threads;
	for (i = 0; i < arena->threads; i++) {
		struct fuzzer *worker = &workers[i];

		worker->number = process * arena->threads + i;
		worker->state = &arena->workers[worker->number];
		worker->netlink = -1;
		worker->random.state = (arena->seed * 1000003 + life) * 64 + worker->number;
		below(&worker->random, 2);
		atomic_store(&worker->state->since, 0);
		CHECK(pthread_create(&thread, NULL, thread_main, worker) == 0);
	}
	while (atomic_load(&running)) {
		usleep(TICK_US);
		end_long_waits();
	}
	_exit(0);
}
