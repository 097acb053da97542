// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what only the fallback of libkgil does: it hands over in order, stands
 * threads and processes that are killed anywhere, and tells what is not its own.
 * For a machine without the module.  What both backends do is in lib_test.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fallback.h"
#include "helpers.h"

#define MS 1000000ULL

static struct fallback *map_object(int fd)
{
	struct fallback *object =
		mmap(NULL, FALLBACK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (object == MAP_FAILED)
		die("mmap");
	return object;
}

static int signals;

static void count_signal(int signal)
{
	(void)signal;
	__atomic_add_fetch(&signals, 1, __ATOMIC_RELAXED);
}

static void catch_signals(int flags)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	signals = 0;
	sigaction(SIGUSR1, &action, NULL);
}

/* End a child by SIGKILL; with @reap it leaves no zombie. */
static void kill_child(pid_t pid, bool reap)
{
	siginfo_t info;

	kill(pid, SIGKILL);
	if (waitid(P_PID, pid, &info, WEXITED | (reap ? 0 : WNOWAIT)))
		die("waitid");
}

/* ------------------------------------------------------- one of each type */

FIXTURE(each)
{
	int fd;
	struct kgil_word *word;
};

FIXTURE_VARIANT(each)
{
	uint32_t type;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(each, gil)
{
	.type = KGIL_TYPE_GIL,
};

FIXTURE_VARIANT_ADD(each, sem)
{
	.type = KGIL_TYPE_SEM,
};

FIXTURE_VARIANT_ADD(each, lock)
{
	.type = KGIL_TYPE_LOCK,
};

FIXTURE_VARIANT_ADD(each, rlock)
{
	.type = KGIL_TYPE_RLOCK,
};

/* clang-format on */

FIXTURE_SETUP(each)
{
	catch_signals(0);
	self->fd = create_of(variant->type);
	ASSERT_LE(0, self->fd);
	self->word = kgil_word_open(self->fd);
	ASSERT_NE(NULL, self->word);
}

FIXTURE_TEARDOWN(each)
{
	kgil_word_close(self->word);
	EXPECT_EQ(0, close(self->fd));
}

/* --------------------------------------------------------------- the order */

/* A thread that waits for its turn, and notes when that came. */
struct comer {
	struct kgil_word *word;
	int fd;
	bool by_fd; /* by its calls; else by its word */
	int *turns; /* under the object's protection */
	uint64_t timeout_ns;
	pthread_t thread;
	int turn;
	int ret;
	int err;
};

static void *come(void *arg)
{
	struct comer *me = arg;
	uint64_t ns = me->timeout_ns ? me->timeout_ns : PATIENCE_NS;

	me->ret = me->by_fd ? kgil_acquire_for(me->fd, ns) : kgil_word_acquire_for(me->word, ns);
	me->err = me->ret < 0 ? errno : 0;
	/* Which is an acquisition. */
	if (me->ret != 1 && me->err != EOWNERDEAD)
		return NULL;
	me->turn = ++*me->turns;
	me->ret = me->by_fd ? kgil_release(me->fd) : kgil_word_release(me->word);
	return NULL;
}

/* It waits when this returns. */
static bool start_comer(struct comer *comer)
{
	uint32_t before = state_of(comer->fd).waiters;

	if (pthread_create(&comer->thread, NULL, come, comer))
		return false;
	return comes_true(state_of(comer->fd).waiters == before + 1);
}

#define COMERS 200

TEST_F_TIMEOUT(each, many_waiters_have_it_in_order, 60)
{
	struct comer comers[COMERS];
	int turns = 0;

	ASSERT_EQ(0, kgil_word_acquire(self->word));
	for (int i = 0; i < COMERS; i++) {
		comers[i] = (struct comer){
			.word = self->word,
			.fd = self->fd,
			.by_fd = i % 2,
			.turns = &turns,
		};
		ASSERT_TRUE(start_comer(&comers[i]));
	}
	EXPECT_EQ(COMERS, state_of(self->fd).waiters);
	EXPECT_EQ(0, kgil_word_release(self->word));
	for (int i = 0; i < COMERS; i++) {
		pthread_join(comers[i].thread, NULL);
		EXPECT_EQ(0, comers[i].ret);
		EXPECT_EQ(i + 1, comers[i].turn);
	}
	EXPECT_EQ(1, state_of(self->fd).count);
	EXPECT_EQ(0, state_of(self->fd).waiters);
	EXPECT_EQ(COMERS + 1, stats_of(self->fd).acquisitions);
	EXPECT_EQ(COMERS, stats_of(self->fd).contentions);
	EXPECT_LT(0, stats_of(self->fd).wait_max_ns);
	EXPECT_LE(stats_of(self->fd).wait_max_ns, stats_of(self->fd).wait_total_ns);
}

/* Some leave the queue, by their deadline or by a signal; the order stays. */
TEST_F_TIMEOUT(each, who_gives_up_leaves_the_others_in_order, 60)
{
	struct comer comers[12];
	int turns = 0, turn = 0;

	ASSERT_EQ(0, kgil_word_acquire(self->word));
	for (int i = 0; i < 12; i++) {
		comers[i] = (struct comer){
			.word = self->word,
			.fd = self->fd,
			.by_fd = i % 2,
			.turns = &turns,
			/* The last one gives up, too. */
			.timeout_ns = i % 4 == 3 ? 300 * MS : 0,
		};
		ASSERT_TRUE(start_comer(&comers[i]));
	}
	for (int i = 1; i < 12; i += 4)
		ASSERT_TRUE(interrupt(comers[i].thread, self->fd));
	ASSERT_TRUE(comes_true(state_of(self->fd).waiters == 6));
	EXPECT_EQ(3, stats_of(self->fd).timeouts);
	EXPECT_EQ(3, stats_of(self->fd).interrupts);
	EXPECT_EQ(0, kgil_word_release(self->word));
	for (int i = 0; i < 12; i++) {
		pthread_join(comers[i].thread, NULL);
		if (i % 4 == 1) {
			EXPECT_EQ(-1, comers[i].ret);
			EXPECT_EQ(EINTR, comers[i].err);
		} else {
			EXPECT_EQ(0, comers[i].ret);
			EXPECT_EQ(i % 4 == 3 ? 0 : ++turn, comers[i].turn);
		}
	}
	EXPECT_EQ(6, turn);
	EXPECT_EQ(1, state_of(self->fd).count);
}

/* Who comes while others wait is not let in between. */
TEST_F(each, nobody_is_passed_over)
{
	struct comer comer = { .word = self->word, .fd = self->fd };
	int turns = 0;

	comer.turns = &turns;
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, kgil_word_acquire(self->word));
		ASSERT_TRUE(start_comer(&comer));
		ASSERT_EQ(0, kgil_word_release(self->word));
		/* Handed over: by now it was the other's. */
		ASSERT_EQ(0, kgil_word_acquire(self->word));
		EXPECT_EQ(i + 1, turns);
		ASSERT_EQ(0, kgil_word_release(self->word));
		pthread_join(comer.thread, NULL);
	}
}

#define PLACES 3

/* More threads than there are places in the queue: all but a few are in use. */
TEST_F_TIMEOUT(each, more_waiters_than_slots, 60)
{
	struct fallback *object = map_object(self->fd);
	struct comer comers[3 * PLACES];
	int turns = 0, gave_up = 0;
	uint64_t id;

	ASSERT_EQ(0, kgil_thread(self->fd, &id));
	for (size_t i = PLACES; i < FALLBACK_SLOTS; i++)
		object->slots[i] = (struct slot){ .id = id, .state = SLOT_GRANTED };
	__atomic_store_n(&object->used, FALLBACK_SLOTS, __ATOMIC_RELEASE);
	ASSERT_EQ(0, kgil_word_acquire(self->word));
	for (int i = 0; i < 3 * PLACES; i++) {
		comers[i] = (struct comer){
			.word = self->word,
			.turns = &turns,
			/* Some give up without ever having had a place. */
			.timeout_ns = i >= 2 * PLACES ? 50 * MS : 0,
		};
		ASSERT_EQ(0, pthread_create(&comers[i].thread, NULL, come, &comers[i]));
		ASSERT_TRUE(comes_true((int)state_of(self->fd).waiters ==
				       (i < PLACES ? i + 1 : PLACES)));
	}
	for (int i = 2 * PLACES; i < 3 * PLACES; i++) {
		pthread_join(comers[i].thread, NULL);
		gave_up += !comers[i].ret && !comers[i].turn;
	}
	EXPECT_EQ(PLACES, gave_up);
	EXPECT_EQ(0, kgil_word_release(self->word));
	for (int i = 0; i < 2 * PLACES; i++) {
		pthread_join(comers[i].thread, NULL);
		EXPECT_EQ(0, comers[i].ret);
		EXPECT_LT(0, comers[i].turn);
	}
	EXPECT_EQ(2 * PLACES, turns);
	EXPECT_EQ(1, state_of(self->fd).count);
	munmap(object, FALLBACK_SIZE);
}

/* ----------------------------------------------------------------- signals */

TEST_F(each, a_restarting_signal_does_not_end_a_wait)
{
	struct comer comer = { .word = self->word, .fd = self->fd };
	int turns = 0;

	comer.turns = &turns;
	catch_signals(SA_RESTART);
	ASSERT_EQ(0, kgil_word_acquire(self->word));
	ASSERT_TRUE(start_comer(&comer));
	for (int i = 1; i <= 3; i++) {
		pthread_kill(comer.thread, SIGUSR1);
		ASSERT_TRUE(comes_true(__atomic_load_n(&signals, __ATOMIC_RELAXED) == i));
	}
	EXPECT_EQ(1, state_of(self->fd).waiters);
	EXPECT_EQ(0, stats_of(self->fd).interrupts);
	EXPECT_EQ(0, kgil_word_release(self->word));
	pthread_join(comer.thread, NULL);
	EXPECT_EQ(0, comer.ret);
	EXPECT_EQ(1, turns);
}

/* A handler forks while its thread waits: the child's wait begins anew. */
static struct {
	volatile sig_atomic_t is_child;
	volatile sig_atomic_t failed;
	volatile sig_atomic_t done;
} forker;

static void fork_in_handler(int signal)
{
	int saved = errno, status;
	pid_t pid = fork();

	(void)signal;
	if (!pid) {
		forker.is_child = 1;
	} else {
		forker.failed = pid < 0 || waitpid(pid, &status, 0) != pid || status;
		forker.done = 1;
	}
	errno = saved;
}

static void *wait_and_fork(void *arg)
{
	struct comer *me = arg;

	me->ret = me->by_fd ? kgil_acquire_for(me->fd, me->timeout_ns) :
			      kgil_word_acquire_for(me->word, me->timeout_ns);
	me->err = errno;
	if (forker.is_child) {
		/* Nobody gave it to the child: the parent's other thread has it. */
		REQUIRE(me->ret == 0);
		REQUIRE(kgil_word_try_acquire(me->word) == 0);
		_exit(0);
	}
	return NULL;
}

static void fork_while_waiting(struct __test_metadata *_metadata, struct kgil_word *word, int fd,
			       bool by_word, int flags)
{
	struct sigaction action = { .sa_handler = fork_in_handler, .sa_flags = flags };
	struct comer comer = {
		.word = word,
		.by_fd = !by_word,
		.fd = fd,
		.timeout_ns = 500 * MS,
	};

	memset(&forker, 0, sizeof(forker));
	sigaction(SIGUSR2, &action, NULL);
	ASSERT_EQ(0, kgil_word_acquire(word));
	ASSERT_EQ(0, pthread_create(&comer.thread, NULL, wait_and_fork, &comer));
	ASSERT_TRUE(comes_true(state_of(fd).waiters == 1));
	pthread_kill(comer.thread, SIGUSR2);
	ASSERT_TRUE(comes_true(forker.done));
	EXPECT_EQ(0, forker.failed);
	pthread_join(comer.thread, NULL);
	/* See interrupt(). */
	EXPECT_TRUE(comer.ret == 0 || (!(flags & SA_RESTART) && comer.err == EINTR));
	EXPECT_EQ(0, state_of(fd).waiters);
	EXPECT_EQ(0, state_of(fd).count);
	EXPECT_EQ(0, kgil_word_release(word));
	EXPECT_EQ(1, state_of(fd).count);
}

TEST_F_TIMEOUT(each, a_handler_forks_while_its_thread_waits, 60)
{
	for (int by_word = 0; by_word <= 1; by_word++) {
		fork_while_waiting(_metadata, self->word, self->fd, by_word, 0);
		fork_while_waiting(_metadata, self->word, self->fd, by_word, SA_RESTART);
	}
}

/* ------------------------------------------------------------------- death */

/* A child that runs @body with the object, and waits for its end after that. */
static pid_t start_child(struct kgil_word *word, void (*body)(struct kgil_word *word))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	body(word);
	for (;;)
		pause();
}

static void acquire_it(struct kgil_word *word)
{
	if (kgil_word_acquire(word) && errno != EOWNERDEAD)
		_exit(1);
}

/* A waiter is killed: those before and behind it don't notice. */
TEST_F_TIMEOUT(each, a_waiter_that_is_killed, 60)
{
	struct comer before = { .word = self->word, .fd = self->fd };
	struct comer behind = { .word = self->word, .fd = self->fd };
	int turns = 0;
	pid_t pid;

	before.turns = &turns;
	behind.turns = &turns;
	for (int reap = 0; reap <= 1; reap++) {
		turns = 0;
		ASSERT_EQ(0, kgil_word_acquire(self->word));
		ASSERT_TRUE(start_comer(&before));
		pid = start_child(self->word, acquire_it);
		ASSERT_TRUE(comes_true(state_of(self->fd).waiters == 2));
		ASSERT_TRUE(start_comer(&behind));
		kill_child(pid, reap);
		EXPECT_EQ(0, kgil_word_release(self->word));
		pthread_join(before.thread, NULL);
		pthread_join(behind.thread, NULL);
		EXPECT_EQ(0, before.ret);
		EXPECT_EQ(0, before.err);
		EXPECT_EQ(0, behind.ret);
		EXPECT_EQ(2, behind.turn);
		/* A zombie is taken for an owner, until somebody looks closer. */
		EXPECT_EQ(!reap && has_owner(variant->type) ? EOWNERDEAD : 0, behind.err);
		EXPECT_EQ(1, state_of(self->fd).count);
		EXPECT_EQ(1, kgil_word_try_acquire(self->word));
		EXPECT_EQ(0, kgil_word_release(self->word));
		if (!reap)
			waitpid(pid, NULL, 0);
	}
}

/* Both the owner and who minds the object die; the waiter left finds out. */
TEST_F_TIMEOUT(each, the_minder_is_killed_and_then_the_owner, 60)
{
	struct comer comer = { .word = self->word, .fd = self->fd };
	int turns = 0;
	pid_t owner, minder;

	if (!has_owner(variant->type))
		return;
	comer.turns = &turns;
	owner = start_child(self->word, acquire_it);
	ASSERT_TRUE(comes_true(!state_of(self->fd).count));
	ASSERT_TRUE(start_comer(&comer));
	minder = start_child(self->word, acquire_it);
	ASSERT_TRUE(comes_true(state_of(self->fd).waiters == 2));
	kill_child(minder, false);
	kill_child(owner, false);
	pthread_join(comer.thread, NULL);
	EXPECT_EQ(0, comer.ret);
	EXPECT_EQ(EOWNERDEAD, comer.err);
	EXPECT_EQ(1, stats_of(self->fd).owner_deaths);
	waitpid(owner, NULL, 0);
	waitpid(minder, NULL, 0);
}

struct both {
	int first;
	int second;
};

static void *take_both(void *arg)
{
	struct both *both = arg;

	if (kgil_acquire(both->first) || kgil_acquire_for(both->second, PATIENCE_NS) != 1 ||
	    kgil_release(both->second) || kgil_release(both->first))
		die("take both");
	return NULL;
}

/* It isn't found here: who closes the cycle waits, and in time goes on. */
TEST_F(each, a_deadlock)
{
	struct both both = { .first = self->fd, .second = create_of(variant->type) };
	pthread_t thread;

	ASSERT_LE(0, both.second);
	ASSERT_EQ(0, kgil_acquire(both.second));
	ASSERT_EQ(0, pthread_create(&thread, NULL, take_both, &both));
	ASSERT_TRUE(comes_true(state_of(both.second).waiters == 1));
	EXPECT_EQ(0, kgil_acquire_for(both.first, 20 * MS));
	EXPECT_EQ(0, stats_of(both.first).deadlocks);
	EXPECT_EQ(1, stats_of(both.first).timeouts);
	EXPECT_EQ(0, kgil_release(both.second));
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(1, kgil_try_acquire(both.first));
	EXPECT_EQ(0, kgil_release(both.first));
	close(both.second);
}

/* Killed wherever they are, also while they have the object's own lock. */
struct storm {
	long counter;
	long shadow;
	long rounds;
};

static void storm_child(struct kgil_word *word, struct storm *storm)
{
	for (;;) {
		if (kgil_word_acquire(word)) {
			REQUIRE(errno == EOWNERDEAD);
			storm->shadow = storm->counter;
		}
		/* Two at once would not find them equal. */
		REQUIRE(storm->shadow == storm->counter);
		storm->counter++;
		storm->shadow++;
		storm->rounds++;
		REQUIRE(kgil_word_release(word) == 0);
	}
}

static pid_t start_storm_child(struct kgil_word *word, struct storm *storm)
{
	pid_t pid = fork();

	if (!pid)
		storm_child(word, storm);
	return pid;
}

#define STORM_CHILDREN 4
#define STORM_KILLS 150

TEST_F_TIMEOUT(each, killed_anywhere, 120)
{
	volatile struct storm *storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[STORM_CHILDREN];
	int status, unexpected = 0;

	if (!has_owner(variant->type))
		return;
	ASSERT_NE(MAP_FAILED, (void *)storm);
	srand(1);
	for (int i = 0; i < STORM_CHILDREN; i++)
		children[i] = start_storm_child(self->word, (struct storm *)storm);
	for (int i = 0; i < STORM_KILLS; i++) {
		int victim = rand() % STORM_CHILDREN;

		usleep(rand() % 1000);
		kill(children[victim], SIGKILL);
		ASSERT_EQ(children[victim], waitpid(children[victim], &status, 0));
		unexpected += !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
		children[victim] = start_storm_child(self->word, (struct storm *)storm);
	}
	for (int i = 0; i < STORM_CHILDREN; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], &status, 0);
		unexpected += !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
	}
	EXPECT_EQ(0, unexpected);
	EXPECT_LT(STORM_KILLS, storm->rounds);
	/* Still a lock like any other. */
	if (kgil_word_acquire_for(self->word, PATIENCE_NS) != 1)
		EXPECT_EQ(EOWNERDEAD, errno);
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(1, kgil_word_acquire_for(self->word, PATIENCE_NS));
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(0, state_of(self->fd).waiters);
}

/* A number that was a thread's, and is no more. */
static pid_t dead_tid(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

/* A thread died with the object's own lock. */
TEST_F(each, the_own_lock_of_a_dead_thread)
{
	struct fallback *object = map_object(self->fd);

	__atomic_store_n(&object->lock, dead_tid(), __ATOMIC_RELAXED);
	EXPECT_EQ(1, kgil_acquire_for(self->fd, PATIENCE_NS));
	EXPECT_EQ(0, object->lock);
	__atomic_store_n(&object->lock, dead_tid(), __ATOMIC_RELAXED);
	EXPECT_EQ(0, kgil_release(self->fd));
	EXPECT_EQ(1, state_of(self->fd).count);
	munmap(object, FALLBACK_SIZE);
}

/* It died after it had named the next owner, and before it had told it. */
TEST_F(each, a_grant_that_was_not_finished)
{
	struct fallback *object = map_object(self->fd);
	struct comer comer = { .word = self->word, .fd = self->fd };
	int turns = 0;

	if (variant->type == KGIL_TYPE_SEM)
		return;
	comer.turns = &turns;
	ASSERT_EQ(0, kgil_word_acquire(self->word));
	ASSERT_TRUE(start_comer(&comer));
	__atomic_store_n(&object->lock, dead_tid(), __ATOMIC_RELAXED);
	__atomic_store_n(&object->page.word, object->slots[0].id | KGIL_WORD_WAITERS,
			 __ATOMIC_RELEASE);
	/* Whoever comes by finishes it. */
	EXPECT_EQ(1, kgil_acquire_for(self->fd, PATIENCE_NS));
	pthread_join(comer.thread, NULL);
	EXPECT_EQ(0, comer.ret);
	EXPECT_EQ(1, turns);
	EXPECT_EQ(0, kgil_release(self->fd));
	munmap(object, FALLBACK_SIZE);
}

/* A thread had been given it, and was killed before it could know. */
TEST_F_TIMEOUT(each, a_grant_to_one_that_is_killed, 60)
{
	struct fallback *object = map_object(self->fd);
	uint64_t dead = dead_tid();

	object->slots[0] = (struct slot){ .id = dead, .state = SLOT_GRANTED };
	object->used = 1;
	__atomic_store_n(&object->page.word, variant->type == KGIL_TYPE_SEM ? 0 : dead,
			 __ATOMIC_RELEASE);
	if (has_owner(variant->type))
		EXPECT_ERROR(EOWNERDEAD, kgil_acquire_for(self->fd, PATIENCE_NS));
	else
		EXPECT_EQ(1, kgil_acquire_for(self->fd, PATIENCE_NS));
	EXPECT_EQ(0, kgil_release(self->fd));
	EXPECT_EQ(1, state_of(self->fd).count);
	munmap(object, FALLBACK_SIZE);
}

TEST_F(each, nonsense_in_the_word)
{
	struct kgil_page *page = kgil_map_writable(self->fd);

	ASSERT_NE(NULL, page);
	if (variant->type == KGIL_TYPE_LOCK)
		return;
	page->word = 1ULL << 40;
	EXPECT_ERROR(ENOTRECOVERABLE, kgil_acquire(self->fd));
	EXPECT_ERROR(ENOTRECOVERABLE, kgil_acquire_for(self->fd, 0));
	page->word = variant->type == KGIL_TYPE_SEM;
	EXPECT_EQ(1, kgil_try_acquire(self->fd));
	kgil_unmap(page);
}

/* ------------------------------------------------------------ processes */

#define PASSED_ROUNDS 20000

static void count_passed(int fd, volatile long *counter)
{
	for (int i = 0; i < PASSED_ROUNDS; i++) {
		REQUIRE(kgil_acquire(fd) == 0);
		*counter = *counter + 1;
		REQUIRE(kgil_release(fd) == 0);
	}
}

/* To a process that began before the object did. */
TEST_F_TIMEOUT(each, a_descriptor_that_is_passed, 60)
{
	volatile long *counter = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int sockets[2], status, fd;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, (void *)counter);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	if (!pid) {
		count_passed(receive_fd(sockets[1]), counter);
		_exit(0);
	}
	fd = create_of(variant->type);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, send_fd(sockets[0], fd));
	count_passed(fd, counter);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(2 * PASSED_ROUNDS, *counter);
	EXPECT_EQ(2 * PASSED_ROUNDS, stats_of(fd).acquisitions);
	EXPECT_EQ(1, state_of(fd).count);
	close(fd);
	close(sockets[0]);
	close(sockets[1]);
	munmap((void *)counter, sizeof(*counter));
}

TEST_F(each, another_pid_namespace)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		pid_t inside;

		if (unshare(CLONE_NEWUSER | CLONE_NEWPID) && unshare(CLONE_NEWPID))
			_exit(2);
		inside = fork();
		if (!inside) {
			REQUIRE(kgil_acquire(self->fd) == -1 && errno == EXDEV);
			REQUIRE(kgil_word_try_acquire(self->word) == -1 && errno == EXDEV);
			/* Its own ones work. */
			REQUIRE(kgil_acquire(create_of(variant->type)) == 0);
			_exit(0);
		}
		waitpid(inside, &status, 0);
		_exit(WEXITSTATUS(status));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (WEXITSTATUS(status) == 2)
		TH_LOG("no namespace may be made here");
	else
		EXPECT_EQ(0, status);
	EXPECT_EQ(1, state_of(self->fd).count);
}

/* --------------------------------------------------------------- the gil */

TEST(the_owner_is_asked_when_its_interval_is_over)
{
	struct kgil_word *word;
	struct comer comer = { 0 };
	int turns = 0;
	uint64_t begin;

	comer.fd = kgil_create_gil(500 * MS);
	comer.word = kgil_word_open(comer.fd);
	ASSERT_NE(NULL, comer.word);
	word = comer.word;
	comer.turns = &turns;
	ASSERT_EQ(0, kgil_word_acquire(word));
	begin = now_ns();
	ASSERT_TRUE(start_comer(&comer));
	EXPECT_EQ(0, stats_of(comer.fd).drop_requests);
	ASSERT_TRUE(comes_true(kgil_word_drop_requested(word)));
	EXPECT_LE(begin + 500 * MS, now_ns());
	EXPECT_NE(0, state_of(comer.fd).flags & KGIL_STATE_DROP_REQUEST);
	EXPECT_EQ(1, stats_of(comer.fd).drop_requests);
	EXPECT_EQ(0, kgil_word_yield(word));
	EXPECT_EQ(1, turns);
	EXPECT_FALSE(kgil_word_drop_requested(word));
	EXPECT_EQ(1, stats_of(comer.fd).yields);
	EXPECT_EQ(0, kgil_word_release(word));
	pthread_join(comer.thread, NULL);
	kgil_word_close(word);
}

TEST(a_shorter_interval_is_for_the_one_that_runs_too)
{
	struct comer comer = { 0 };
	int turns = 0;
	uint64_t begin;

	comer.fd = kgil_create_gil(KGIL_INTERVAL_MAX);
	comer.word = kgil_word_open(comer.fd);
	ASSERT_NE(NULL, comer.word);
	comer.turns = &turns;
	ASSERT_EQ(0, kgil_word_acquire(comer.word));
	ASSERT_TRUE(start_comer(&comer));
	begin = now_ns();
	EXPECT_EQ(0, kgil_set_interval(comer.fd, KGIL_INTERVAL_MIN));
	ASSERT_TRUE(comes_true(kgil_word_drop_requested(comer.word)));
	EXPECT_GT(begin + KGIL_INTERVAL_MAX, now_ns());
	EXPECT_EQ(0, kgil_word_release(comer.word));
	pthread_join(comer.thread, NULL);
	EXPECT_EQ(1, turns);
	kgil_word_close(comer.word);
}

/* A waiter that gave up asks for nothing any more. */
TEST(no_request_without_a_waiter)
{
	int fd = kgil_create_gil(KGIL_INTERVAL_MIN), turns = 0;
	struct comer comer = {
		.fd = fd,
		.by_fd = true,
		.turns = &turns,
		.timeout_ns = 100 * MS,
	};
	struct kgil_word *word = kgil_word_open(fd);

	ASSERT_NE(NULL, word);
	ASSERT_EQ(0, kgil_word_acquire(word));
	ASSERT_TRUE(start_comer(&comer));
	ASSERT_TRUE(comes_true(kgil_word_drop_requested(word)));
	pthread_join(comer.thread, NULL);
	EXPECT_EQ(0, comer.ret);
	EXPECT_EQ(0, turns);
	EXPECT_FALSE(kgil_word_drop_requested(word));
	EXPECT_EQ(0, kgil_word_yield(word));
	EXPECT_EQ(0, kgil_word_release(word));
	kgil_word_close(word);
}

/* Threads that wait don't run. */
TEST_F(each, waiting_costs_nothing)
{
	struct comer comers[20];
	struct timespec before, after;
	int turns = 0;

	ASSERT_EQ(0, kgil_word_acquire(self->word));
	for (int i = 0; i < 20; i++) {
		comers[i] = (struct comer){
			.word = self->word,
			.fd = self->fd,
			.by_fd = i % 2,
			.turns = &turns,
		};
		ASSERT_TRUE(start_comer(&comers[i]));
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	usleep(500000);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	EXPECT_GT(100 * MS, (after.tv_sec - before.tv_sec) * 1000000000ULL + after.tv_nsec -
				    before.tv_nsec);
	EXPECT_EQ(0, kgil_word_release(self->word));
	for (int i = 0; i < 20; i++)
		pthread_join(comers[i].thread, NULL);
	EXPECT_EQ(20, turns);
}

/* ------------------------------------------------------------- the files */

#define OBJECTS 10000

TEST_F(each, many_objects)
{
	struct rlimit limit;
	int n, *fds;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	n = limit.rlim_cur > OBJECTS + 100 ? OBJECTS : limit.rlim_cur - 100;
	ASSERT_LT(500, n);
	fds = calloc(n, sizeof(*fds));
	ASSERT_NE(NULL, fds);
	for (int i = 0; i < n; i++) {
		fds[i] = create_of(variant->type);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(0, kgil_acquire(fds[i]));
	}
	for (int i = 0; i < n; i++) {
		ASSERT_EQ(0, kgil_release(fds[i]));
		ASSERT_EQ(1, stats_of(fds[i]).acquisitions);
		ASSERT_EQ(0, close(fds[i]));
	}
	free(fds);
}

/* A memory file of the same form, with or without its seals. */
static int alike(bool sealed)
{
	int fd = memfd_create("alike", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, FALLBACK_SIZE) ||
	    (sealed && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)))
		die("memfd");
	return fd;
}

TEST(what_is_no_object)
{
	int fds[] = { alike(false), alike(true), open("/dev/zero", O_RDWR), memfd_create("e", 0) };

	for (int i = 0; i < 4; i++) {
		EXPECT_ERROR(ENOTTY, kgil_acquire(fds[i]));
		EXPECT_ERROR(ENOTTY, kgil_release(fds[i]));
		EXPECT_EQ(NULL, kgil_word_open(fds[i]));
		EXPECT_EQ(ENOTTY, errno);
		close(fds[i]);
	}
}

TEST(nobody_can_cut_an_object_off)
{
	int fd = kgil_create_lock();

	ASSERT_LE(0, fd);
	EXPECT_ERROR(EPERM, ftruncate(fd, 0));
	EXPECT_ERROR(EPERM, fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
}

TEST(an_object_of_another_process_decides_too)
{
	int sockets[2], status;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	if (!pid) {
		int fd = receive_fd(sockets[1]);

		/* Where the module is required it is none. */
		setenv("KGIL_REQUIRE", "1", 1);
		REQUIRE(kgil_acquire(fd) == -1 && errno == ENOTTY);
		unsetenv("KGIL_REQUIRE");
		REQUIRE(kgil_acquire(fd) == 0);
		setenv("KGIL_REQUIRE", "1", 1);
		REQUIRE(kgil_backend() == KGIL_BACKEND_FUTEX);
		REQUIRE(kgil_backend_reason() == 0);
		_exit(0);
	}
	ASSERT_EQ(0, send_fd(sockets[0], kgil_create_lock()));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

int main(int argc, char **argv)
{
	if (!access(KGIL_DEVICE, R_OK | W_OK)) {
		printf("Bail out! this is for a machine without " KGIL_DEVICE "\n");
		return 1;
	}
	return test_harness_run(argc, argv);
}
