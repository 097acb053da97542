// SPDX-License-Identifier: GPL-2.0
/* Families: a process, its threads, their children of fork, and what exec makes of it. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "torture.h"

#define PARENT_LOOKS_US 2000

static struct hand hands[SLOTS_MAX];
static pthread_t threads[SLOTS_MAX];
static atomic_bool thread_ended[SLOTS_MAX];
static int this_family;

static void nothing(int signal)
{
	(void)signal;
}

/* One signal ends a wait, the other lets it go on. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = nothing };

	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &action, NULL);
}

/* One that comes during an exec finds the new program without a handler. */
static void block_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(how, &set, NULL);
}

static void enter_slot(int slot)
{
	atomic_store(&world->slots[slot].since, 0);
	atomic_store(&world->slots[slot].pid, getpid());
	atomic_store(&world->slots[slot].tid, gettid());
}

static void leave_slot(int slot)
{
	atomic_store(&world->slots[slot].tid, 0);
	atomic_store(&world->slots[slot].pid, 0);
}

static void dooms(__u64 mask)
{
	atomic_fetch_or(&world->doomed, mask);
}

static void buried(__u64 mask)
{
	atomic_fetch_and(&world->doomed, ~mask);
}

/*
 * Threads
 */
static void *thread_main(void *argument)
{
	struct hand *hand = argument;

	enter_slot(hand->slot);
	open_users(hand);
	while (!atomic_load(&world->stop))
		step(hand);
	look_after_child(hand, true);
	close_users(hand);
	leave_slot(hand->slot);
	return NULL;
}

static void start_thread_of(int slot)
{
	struct hand *hand = &hands[slot];
	int err;

	begin_hand(hand, slot);
	thread_ended[slot] = false;
	/* None begins while another one executes a program, which may end them all. */
	while ((err = pthread_create(&threads[slot], NULL, thread_main, hand)) == EAGAIN)
		usleep(PARENT_LOOKS_US);
	if (err)
		violation("no more threads: errno %d", err);
}

void exit_holding(struct hand *hand)
{
	dooms(slot_bit(hand->slot));
	if (child_slot(hand->slot) < 0) {
		if (one_in(hand, 2))
			kill(getpid(), SIGKILL);
		_exit(0);
	}
	add_count(hand->slot, THREAD_EXITS);
	close_users(hand);
	leave_slot(hand->slot);
	thread_ended[hand->slot] = true;
	pthread_exit(NULL);
}

static void restart_threads(struct hand *parent)
{
	int i;

	for (i = 0; i < world->options.threads; i++) {
		int slot = thread_slot(this_family, i);

		if (!thread_ended[slot])
			continue;
		pthread_join(threads[slot], NULL);
		resolve_owned(parent, slot_bit(slot));
		buried(slot_bit(slot));
		start_thread_of(slot);
	}
}

static void family_main(void)
{
	struct hand *parent = &hands[parent_slot(this_family)];
	int i;

	catch_signals();
	begin_hand(parent, parent_slot(this_family));
	for (i = 0; i < world->options.threads; i++)
		start_thread_of(thread_slot(this_family, i));
	while (!atomic_load(&world->stop)) {
		restart_threads(parent);
		usleep(PARENT_LOOKS_US);
	}
	for (i = 0; i < world->options.threads; i++) {
		int slot = thread_slot(this_family, i);

		pthread_join(threads[slot], NULL);
		if (!thread_ended[slot])
			continue;
		resolve_owned(parent, slot_bit(slot));
		buried(slot_bit(slot));
	}
	_exit(0);
}

pid_t start_family(int family)
{
	pid_t pid;

	atomic_store(&world->families[family].executed, 0);
	pid = fork_child();
	if (pid == 0) {
		this_family = family;
		family_main();
	}
	atomic_store(&world->families[family].pid, pid);
	return pid;
}

/*
 * Children of fork
 */
static void child_main(const struct hand *parent, bool mortal)
{
	static struct hand hand;
	int steps;

	begin_hand(&hand, child_slot(parent->slot));
	hand.owned_only = mortal;
	enter_slot(hand.slot);
	inherit_users(&hand, parent);
	for (steps = below(&hand, 40); steps && !atomic_load(&world->stop); steps--)
		step(&hand);
	leave_slot(hand.slot);
	_exit(0);
}

void fork_child_of(struct hand *hand)
{
	pid_t parent = getpid();
	bool mortal = world->options.kills && one_in(hand, 2);
	pid_t pid = fork();

	if (pid < 0)
		violation("no more children: errno %d", errno);
	if (pid == 0) {
		/* Dies with the thread that forked it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		child_main(hand, mortal);
	}
	hand->child = pid;
	hand->child_mortal = mortal;
	add_count(hand->slot, FORKS);
}

static void bury_child(struct hand *hand, int status)
{
	int slot = child_slot(hand->slot);
	bool doomed = atomic_load(&world->doomed) & slot_bit(slot);

	if (status && !doomed)
		violation("slot %d: a child ended with status %#x", hand->slot, status);
	leave_slot(slot);
	resolve_owned(hand, slot_bit(slot));
	buried(slot_bit(slot));
	hand->child = 0;
}

void look_after_child(struct hand *hand, bool wait)
{
	int status;
	pid_t pid;

	if (!hand->child)
		return;
	if (hand->child_mortal && one_in(hand, 16)) {
		dooms(slot_bit(child_slot(hand->slot)));
		kill(hand->child, SIGKILL);
		hand->child_mortal = false;
		wait = true;
		add_count(hand->slot, KILLS);
	}
	do {
		pid = waitpid(hand->child, &status, wait ? 0 : WNOHANG);
	} while (pid < 0 && errno == EINTR);
	if (pid < 0)
		violation("slot %d: its child is gone: errno %d", hand->slot, errno);
	if (pid)
		bury_child(hand, status);
}

/*
 * exec
 */
enum {
	ARG_WORD = 1,
	ARG_MEMORY,
	ARG_SLOT,
	ARG_OBJECT,
	ARG_FD,
	ARG_ID,
	ARGS
};

void exec_holding(struct hand *hand, int object, bool inherit)
{
	char text[ARGS][24] = { "torture", "executed" };
	char *argv[ARGS + 1] = {};
	int i, fd = hand->users[object].fd, family;

	for (family = 0; !(family_mask(family) & slot_bit(hand->slot)); family++)
		;
	add_count(hand->slot, EXECS);
	/* The other threads end by it, and their children with them. */
	dooms(family_mask(family) & ~slot_bit(hand->slot));
	if (inherit)
		fcntl(fd, F_SETFD, 0);
	else
		dooms(slot_bit(hand->slot));
	snprintf(text[ARG_MEMORY], sizeof(text[0]), "%d", world->memory);
	snprintf(text[ARG_SLOT], sizeof(text[0]), "%d", hand->slot);
	snprintf(text[ARG_OBJECT], sizeof(text[0]), "%d", object);
	snprintf(text[ARG_FD], sizeof(text[0]), "%d", inherit ? fd : -1);
	snprintf(text[ARG_ID], sizeof(text[0]), "%llu", hand->users[object].id);
	for (i = 0; i < ARGS; i++)
		argv[i] = text[i];
	block_signals(SIG_BLOCK);
	execv("/proc/self/exe", argv);
	violation("exec: errno %d", errno);
}

/* It goes on holding what the program before it took. */
static void go_on(struct hand *hand, int object, int fd, __u64 id)
{
	struct user *user = &hand->users[object];

	hand->held[hand->holds++] = object;
	*user = (struct user){ .fd = fd,
			       .type = world->objects[object].type,
			       .max = world->objects[object].units,
			       .id = id };
	if (has_owner(object) && (attach(fd) != id || !is_mine(fd)))
		violation("%s: not the executed program's any more", object_name(object));
	give(hand, object);
}

/* It holds it no longer: whoever comes is told, while this program lives. */
static void wait_for_heir(struct hand *hand, int object)
{
	__u64 until = now_ns() + world->options.patience * NSEC_PER_SEC;

	while (atomic_load(&world->objects[object].inside) & slot_bit(hand->slot)) {
		if (atomic_load(&world->stop))
			return;
		if (now_ns() > until)
			violation("%s: exec was not the end of its owner", object_name(object));
		usleep(1000);
	}
}

int executed_main(char **argv)
{
	static struct hand hand;
	int slot = atoi(argv[ARG_SLOT]), object = atoi(argv[ARG_OBJECT]), fd = atoi(argv[ARG_FD]);
	int family;

	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED,
		     atoi(argv[ARG_MEMORY]), 0);
	if (world == MAP_FAILED)
		return 1;
	catch_signals();
	block_signals(SIG_UNBLOCK);
	begin_hand(&hand, slot);
	enter_slot(slot);
	/* Those of the threads that have ended by the exec are being killed. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	for (family = 0; !(family_mask(family) & slot_bit(slot)); family++)
		;
	atomic_store(&world->families[family].executed, 1 + slot);
	if (fd >= 0)
		go_on(&hand, object, fd, strtoull(argv[ARG_ID], NULL, 10));
	else
		wait_for_heir(&hand, object);
	leave_slot(slot);
	return 0;
}
