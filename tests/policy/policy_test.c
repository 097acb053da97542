// SPDX-License-Identifier: GPL-2.0
/*
 * module/policy.c by itself: thousands of random patterns of arrival, in virtual
 * time, against the bounds that policy.h states.
 *
 * usage: policy_test [SEED [PATTERNS]]
 *
 * Prints TAP, and the seed.  The same seed gives the same patterns.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"

#define USEC 1000ULL
#define MSEC 1000000ULL
#define SEC 1000000000ULL

#define NEVER LLONG_MAX

/* What a pattern may cost, where things happen every microsecond. */
#define STEPS_MAX 20000

/*
 * Random numbers
 */
static u64 random_state;

static u64 random_u64(void)
{
	u64 z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static u64 random_between(u64 least, u64 most)
{
	return least + random_u64() % (most - least + 1);
}

/* As many small ones as great ones. */
static u64 random_scale(u64 least, u64 most)
{
	u64 low = least, high = least;

	while (high < most && random_u64() % 4) {
		low = high;
		high *= 2;
	}
	return random_between(low, high < most ? high : most);
}

/*
 * Results
 */
static int tests, failed;
static u64 pattern_seed;
static const char *test_name;
static bool test_failed;

/* Says what isn't so, once for each test. */
static void __attribute__((format(printf, 1, 2))) fail(const char *format, ...)
{
	va_list args;

	if (test_failed)
		return;
	test_failed = true;
	printf("# %s, pattern %#llx: ", test_name, pattern_seed);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static void begin_test(const char *name)
{
	test_name = name;
	test_failed = false;
}

static void end_test(void)
{
	tests++;
	failed += test_failed;
	printf("%sok %d %s\n", test_failed ? "not " : "", tests, test_name);
}

/*
 * Workloads
 */
enum kind {
	CPU,	/* always wants it, drops it when it is asked */
	IO,	/* wants it for a moment now and then */
	BURST,	/* wants it for a while now and then, drops it when it is asked */
	HAMMER, /* releases it and is back at once, again and again */
};

struct load {
	enum kind kind;
	u64 hold;  /* wanted each time, at most */
	u64 pause; /* between, at most */
	s64 left;  /* of what it wants this time */
	s64 wakes; /* when it wants it again; NEVER: it waits or has it */
	s64 drops; /* when it lets go of it, as far as is known */
	int ahead; /* how many waited when it came */
	u64 calls;
};

/**
 * struct run - one pattern
 * @gil: its clock is @base later than the virtual time
 * @loads: what its threads do
 * @answer: how long an owner takes to drop it when it is asked, at most
 * @now: virtual time
 * @base: makes the gil's clock wrap
 * @changes: the policy changes in between
 * @last_floor: of the gil, a step before
 * @least: how far each CPU-bound thread has come behind the first, at most
 * @most: how far before it
 * @cut: the CPU-bound thread that was cut short, until one of them has it
 * @cuts: how often that happened
 * @not_resumed: how often it was another that had it next
 * @late: waits of those that aren't CPU-bound, longer than an answer takes
 * @waits: all of these
 */
struct run {
	struct gil gil;
	struct load loads[THREADS_MAX];
	u64 answer;
	s64 now;
	u64 base;
	bool changes;
	u64 last_floor;
	s64 least[THREADS_MAX];
	s64 most[THREADS_MAX];
	struct load *cut;
	u64 cuts;
	u64 not_resumed;
	u64 late;
	u64 waits;
};

static struct run run;

static struct load *load_of(const struct thread *thread)
{
	return &run.loads[thread - run.gil.threads];
}

static struct thread *thread_of(const struct load *load)
{
	return &run.gil.threads[load - run.loads];
}

static u64 clock_now(void)
{
	return run.base + run.now;
}

/* A hold of an interval, and the time to answer. */
static u64 whole_interval(void)
{
	return run.gil.interval + run.answer;
}

static u64 random_answer(void)
{
	return random_between(run.answer / 8, run.answer);
}

/* The owner knows when it lets go: it is done, or answers a request. */
static void plan_drop(struct load *load)
{
	load->drops = load->kind == CPU ? NEVER : run.now + load->left;
	if (run.gil.requested)
		load->drops = run.now + random_answer();
}

/* What policy.h says of waiting; the gil may be kept for a moment each time. */
#define WAIT_LIMIT (KGIL_PASSED_OVER + 3)

static void check_wait(const struct load *load, u64 now)
{
	u64 waited = now - thread_of(load)->since;
	u64 limit = (load->ahead + 1) * (WAIT_LIMIT * whole_interval() + KGIL_SOON_NS);

	if (waited > limit)
		fail("%d of %d waited %llu ns, behind %d, limit %llu",
		     (int)(load - run.loads), run.gil.n, waited, load->ahead, limit);
}

/* Those that still wait have waited, too. */
static void check_waiters(void)
{
	int i;

	for (i = 0; i < run.gil.length; i++)
		check_wait(load_of(run.gil.queue[i]), clock_now());
}

static void got_it(struct gil *gil, struct thread *thread, u64 now)
{
	struct load *load = load_of(thread);

	(void)gil;
	check_wait(load, now);
	if (load->kind != CPU) {
		run.waits++;
		run.late += now - thread->since > run.answer;
	} else if (run.cut) {
		run.not_resumed += load != run.cut;
		run.cut = NULL;
	}
	plan_drop(load);
}

static void check_floor(void)
{
	u64 floor = run.gil.turns.floor;

	if ((s64)(floor - run.last_floor) < 0)
		fail("the floor went from %#llx to %#llx", run.last_floor, floor);
	run.last_floor = floor;
}

static void check_credit(const struct load *load)
{
	const struct kgil_share *share = &thread_of(load)->share;
	s64 behind = run.gil.turns.floor - share->key;

	if (thread_of(load)->ordered && behind > (s64)(KGIL_CREDIT * run.gil.interval))
		fail("credit of %lld ns, interval %llu", behind, run.gil.interval);
}

/* Of the CPU-bound threads, which come first. */
static void check_shares(int n)
{
	u64 first = gil_held(&run.gil, &run.gil.threads[0], clock_now());
	int i;

	for (i = 0; i < n; i++) {
		s64 ahead = gil_held(&run.gil, &run.gil.threads[i], clock_now()) - first;

		if (ahead < run.least[i])
			run.least[i] = ahead;
		if (ahead > run.most[i])
			run.most[i] = ahead;
	}
}

static void want(struct load *load)
{
	struct thread *thread = thread_of(load);
	bool was_asked = run.gil.requested;

	load->wakes = NEVER;
	load->left = load->kind == CPU ? 0 : random_scale(load->hold / 16 + 1, load->hold);
	load->ahead = run.gil.length;
	load->calls++;
	gil_acquire(&run.gil, thread, clock_now());
	if (run.gil.owner == thread && !thread->waits) {
		plan_drop(load);
		return;
	}
	if (!thread->waits)
		return;
	check_credit(load);
	if (run.gil.owner && run.gil.requested && !was_asked)
		plan_drop(load_of(run.gil.owner));
}

static void pause_load(struct load *load)
{
	load->wakes = run.now + random_scale(load->pause / 64 + 1, load->pause);
	if (load->kind == HAMMER)
		load->wakes = run.now + random_between(load->pause / 2, load->pause);
}

/* The owner lets go: it is done, or it yields. */
static void let_go(struct load *load)
{
	struct thread *thread = thread_of(load);
	u64 held = clock_now() - run.gil.hold_start;
	bool cut_short = thread->share.used + held < run.gil.interval;

	if (load->kind != CPU)
		load->left -= held;
	load->drops = NEVER;
	if (load->kind != CPU && load->left <= 0) {
		gil_release(&run.gil, clock_now());
		pause_load(load);
		return;
	}
	if (!run.gil.length) {
		/* Those that waited have gone. */
		plan_drop(load);
		return;
	}
	if (load->kind == CPU && cut_short && run.gil.policy == KGIL_POLICY_FAIR && !run.cut) {
		run.cut = load;
		run.cuts++;
	}
	load->ahead = run.gil.length - 1;
	gil_yield(&run.gil, clock_now());
	check_credit(load);
	if (run.gil.requested)
		plan_drop(load_of(run.gil.owner));
}

/* The next thing that happens; false: nothing before @end. */
static bool step(s64 end)
{
	struct load *next = NULL;
	s64 at = end;
	u64 timer;
	int i;

	for (i = 0; i < run.gil.n; i++) {
		if (run.loads[i].wakes < at) {
			at = run.loads[i].wakes;
			next = &run.loads[i];
		}
	}
	if (run.gil.owner && load_of(run.gil.owner)->drops < at) {
		next = load_of(run.gil.owner);
		at = next->drops;
	}
	if (gil_timer(&run.gil, &timer) && (s64)(timer - run.base) < at) {
		at = timer - run.base;
		next = NULL;
	} else if (!next) {
		run.now = end;
		return false;
	}
	if (at > run.now)
		run.now = at;
	if (!next) {
		gil_expire(&run.gil, clock_now());
		if (run.gil.owner && run.gil.requested)
			plan_drop(load_of(run.gil.owner));
	} else if (next->wakes <= run.now) {
		want(next);
	} else {
		let_go(next);
	}
	return true;
}

static void begin_run(u64 interval, u64 answer)
{
	static const u64 bases[] = { 1, ~0ULL - 50 * MSEC, (1ULL << 63) - 50 * MSEC };

	memset(&run, 0, sizeof(run));
	run.gil.interval = interval;
	run.gil.policy = KGIL_POLICY_FAIR;
	run.gil.granted = got_it;
	run.answer = answer;
	run.base = bases[random_u64() % 3];
	/* The gil's own time may wrap as well. */
	run.gil.turns.floor = bases[random_u64() % 3] - interval * (random_u64() % 8);
	run.last_floor = run.gil.turns.floor;
}

static struct load *add_load(enum kind kind, u64 hold, u64 pause)
{
	struct load *load = &run.loads[run.gil.n++];

	load->kind = kind;
	load->hold = hold;
	load->pause = pause;
	load->drops = NEVER;
	load->wakes = kind == CPU ? 0 : (s64)random_between(0, pause + 1);
	return load;
}

static void begin_stretch(void)
{
	memset(run.least, 0, sizeof(run.least));
	memset(run.most, 0, sizeof(run.most));
}

static void run_for(u64 time, int cpu_bound, int steps)
{
	s64 end = run.now + time;

	while (steps-- > 0 && step(end)) {
		check_floor();
		check_shares(cpu_bound);
		if (run.changes && random_u64() % 64 == 0)
			gil_set_policy(&run.gil, KGIL_POLICY_FIFO + random_u64() % 2);
	}
	check_waiters();
}

static u64 random_interval(u64 least)
{
	return random_u64() % 4 ? KGIL_INTERVAL_DEFAULT : random_scale(least, KGIL_INTERVAL_MAX);
}

/* None is back so soon that the gil would be kept for it, unless @quick. */
static void add_random_load(u64 interval, bool quick)
{
	u64 pause = quick ? USEC : 64 * 2 * KGIL_SOON_NS;
	u64 kind = random_u64() % 4;

	if (kind == 0)
		add_load(BURST, random_scale(interval / 16 + 1, 8 * interval),
			 random_scale(pause, 16 * interval + pause));
	else if (kind == 1 && quick)
		add_load(HAMMER, random_scale(100, interval / 2),
			 random_scale(100, 2 * KGIL_SOON_NS));
	else
		add_load(IO, random_scale(100, interval / 8 + 200),
			 random_scale(pause, 16 * interval + pause));
}

static void add_cpu_bound(int n)
{
	while (n-- > 0)
		add_load(CPU, 0, 0);
}

/* A mixture of everything.  Return: how many are CPU-bound; they come first. */
static int random_pattern(void)
{
	u64 interval = random_interval(KGIL_INTERVAL_MIN);
	int cpu_bound = random_u64() % 9, others = random_u64() % 12;

	begin_run(interval, random_scale(USEC, interval / 4 + USEC));
	if (random_u64() % 64 == 0)
		others = random_between(100, 400);
	add_cpu_bound(cpu_bound);
	while (others-- > 0)
		add_random_load(interval, true);
	return cpu_bound;
}

static int patterns = 2000;

/*
 * What the policy does as a whole
 */

/* Each waits for a bounded time, no credit is too great, the floor only grows. */
static void test_waits(bool changes)
{
	int i, n;

	begin_test(changes ? "waiting is bounded, the policy changing meanwhile" :
			     "waiting, credit and floor of random patterns are bounded");
	for (i = 0; i < patterns; i++) {
		pattern_seed = random_state;
		n = random_pattern();
		run.changes = changes;
		run_for(200 * run.gil.interval, n, STEPS_MAX);
	}
	end_test();
}

/* Hundreds that want it for a moment, beside two that always want it. */
static void test_hundreds(void)
{
	int i, j;

	begin_test("hundreds that answer starve nobody, and aren't starved");
	for (i = 0; i < 4; i++) {
		pattern_seed = random_state;
		begin_run(MSEC, 20 * USEC);
		add_cpu_bound(2);
		for (j = 0; j < 200; j++)
			add_load(IO, random_scale(USEC, 100 * USEC), random_scale(100 * USEC, SEC));
		run_for(8 * SEC, 2, 100 * STEPS_MAX);
		for (j = 0; j < 2; j++)
			if (run.gil.threads[j].held < 4 * run.gil.interval)
				fail("CPU-bound thread %d has had %llu ns of 8 s", j,
				     run.gil.threads[j].held);
	}
	end_test();
}

static void expect_shares(int n, u64 limit)
{
	int j;

	for (j = 0; j < n; j++)
		if (run.most[j] - run.least[j] > (s64)limit)
			fail("0 and %d of %d come %lld ns apart, limit %llu, interval %llu",
			     j, n, run.most[j] - run.least[j], limit, run.gil.interval);
}

/* Two intervals; and one answer, because two in turns don't know of each other's. */
static void test_equal_shares(void)
{
	int i, n;

	begin_test("CPU-bound threads share equally");
	for (i = 0; i < patterns; i++) {
		u64 interval = random_interval(KGIL_INTERVAL_MIN);

		pattern_seed = random_state;
		begin_run(interval, random_scale(USEC, interval / 4));
		n = 3 + random_u64() % 14;
		add_cpu_bound(n);
		run_for(300 * interval, n, STEPS_MAX);
		expect_shares(n, 2 * whole_interval() + run.answer);
	}
	end_test();
}

static void test_shares_beside_others(void)
{
	int i, j, n;

	begin_test("CPU-bound threads share beside others");
	for (i = 0; i < patterns; i++) {
		u64 interval = random_interval(MSEC);

		pattern_seed = random_state;
		begin_run(interval, 20 * USEC);
		n = 2 + random_u64() % 7;
		add_cpu_bound(n);
		for (j = random_u64() % 8; j > 0; j--)
			add_random_load(interval, false);
		run_for(20 * interval, n, STEPS_MAX);
		begin_stretch();
		run_for(200 * interval, n, STEPS_MAX);
		expect_shares(n, 4 * whole_interval());
	}
	end_test();
}

/*
 * One that wants it for a moment now and then beside those that always do: it has
 * it when the owner has answered, and that one gets the rest of its interval.
 */
static void test_one_that_answers(void)
{
	int i, n;

	begin_test("one that answers is served at once, and who was cut short resumes");
	for (i = 0; i < patterns / 10; i++) {
		pattern_seed = random_state;
		begin_run(random_scale(2 * MSEC, 20 * MSEC), 20 * USEC);
		n = 1 + random_u64() % 8;
		add_cpu_bound(n);
		add_load(IO, 20 * USEC, random_scale(100 * USEC, 2 * MSEC));
		/* Until each has had some, there is nobody far behind. */
		run_for((2 * n + 8) * run.gil.interval, n, STEPS_MAX);
		run.late = 0;
		run.waits = 0;
		run.cuts = 0;
		run.not_resumed = 0;
		run_for(400 * run.gil.interval, n, STEPS_MAX);
		if (run.waits < 100 || run.late * 50 > run.waits)
			fail("%llu of %llu waits beside %d are late", run.late,
			     run.waits, n);
		if (run.cuts < 100 || run.not_resumed * 50 > run.cuts)
			fail("%llu of %llu cut short of %d don't resume",
			     run.not_resumed, run.cuts, n);
	}
	end_test();
}

/* One that releases around calls that don't block: few switches, an equal share. */
static void test_one_that_hammers(void)
{
	int i;

	begin_test("one that is back at once switches seldom, and has its share");
	for (i = 0; i < patterns / 10; i++) {
		struct load *load;
		u64 mine, other;

		pattern_seed = random_state;
		begin_run(KGIL_INTERVAL_DEFAULT, 20 * USEC);
		add_cpu_bound(1);
		load = add_load(HAMMER, 2 * USEC, random_between(200, 2 * USEC));
		run_for(SEC, 1, 100 * STEPS_MAX);
		mine = thread_of(load)->held;
		other = run.gil.threads[0].held;
		if (mine * 100 < (mine + other) * 45 || mine * 100 > (mine + other) * 55)
			fail("it has had %llu ns, the other %llu", mine, other);
		if (run.gil.switches * 50 > load->calls)
			fail("%llu switches in %llu calls", run.gil.switches,
			     load->calls);
	}
	end_test();
}

/*
 * The functions one by one
 */
#define EXPECT(cond)                                                  \
	do {                                                          \
		if (!(cond))                                          \
			fail("line %d: not so: %s", __LINE__, #cond); \
	} while (0)

static void test_values(void)
{
	begin_test("values that are valid");
	EXPECT(kgil_valid_policy(KGIL_POLICY_DEFAULT));
	EXPECT(kgil_valid_policy(KGIL_POLICY_FIFO) && kgil_valid_policy(KGIL_POLICY_FAIR));
	EXPECT(!kgil_valid_policy(KGIL_POLICY_FAIR + 1) && !kgil_valid_policy(~0U));
	EXPECT(kgil_policy_resolve(KGIL_POLICY_DEFAULT) == KGIL_POLICY_FAIR);
	EXPECT(kgil_policy_resolve(KGIL_POLICY_FIFO) == KGIL_POLICY_FIFO);
	EXPECT(kgil_policy_resolve(KGIL_POLICY_FAIR) == KGIL_POLICY_FAIR);
	EXPECT(kgil_valid_interval(KGIL_INTERVAL_MIN) && kgil_valid_interval(KGIL_INTERVAL_MAX));
	EXPECT(!kgil_valid_interval(KGIL_INTERVAL_MIN - 1));
	EXPECT(!kgil_valid_interval(KGIL_INTERVAL_MAX + 1) && !kgil_valid_interval(0));
	EXPECT(kgil_valid_handoff(KGIL_HANDOFF_AT_ONCE) && kgil_valid_handoff(KGIL_HANDOFF_MAX));
	EXPECT(!kgil_valid_handoff(0) && !kgil_valid_handoff(KGIL_HANDOFF_MAX + 1));
	end_test();
}

/* Times around which a clock wraps, or its sign does. */
static u64 random_time(void)
{
	static const u64 around[] = { 0, 1ULL << 63, 1ULL << 32, 0 };

	return around[random_u64() % 4] - SEC + random_u64() % (2 * SEC);
}

static struct kgil_share share_at(u64 key, u64 used)
{
	return (struct kgil_share){ .key = key, .used = used, .known = true };
}

static void test_times(void)
{
	int i;

	begin_test("when the owner is asked, when a waiter is overdue");
	for (i = 0; i < patterns; i++) {
		u64 start = random_time(), interval = random_interval(KGIL_INTERVAL_MIN);
		u64 used = random_between(0, interval), later = random_between(1, SEC);

		pattern_seed = random_state;
		EXPECT(kgil_policy_drop_at(start, 0, interval) == start + interval);
		EXPECT(kgil_policy_drop_at(start, used, interval) - start == interval - used);
		EXPECT(kgil_policy_drop_at(start, interval + later, interval) == start);
		EXPECT(kgil_policy_overdue(start, start + interval, interval));
		EXPECT(kgil_policy_overdue(start, start + interval + later, interval));
		EXPECT(!kgil_policy_overdue(start, start + interval - 1, interval));
	}
	end_test();
}

static void test_order(void)
{
	int i;

	begin_test("who is next");
	for (i = 0; i < patterns; i++) {
		u64 key = random_time(), more = random_between(1, SEC);
		struct kgil_share low = share_at(key, 0), high = share_at(key + more, 0);
		struct kgil_share cut = share_at(key, more);

		pattern_seed = random_state;
		EXPECT(kgil_fair_before(&low, &high) && !kgil_fair_before(&high, &low));
		EXPECT(!kgil_fair_before(&low, &low));
		EXPECT(kgil_fair_before(&cut, &low) && !kgil_fair_before(&low, &cut));
		EXPECT(kgil_fair_before(&cut, &high) && !kgil_fair_before(&high, &cut));
	}
	end_test();
}

static void test_arrival(void)
{
	int i;

	begin_test("the credit of one that comes");
	for (i = 0; i < patterns; i++) {
		u64 interval = random_interval(KGIL_INTERVAL_MIN), floor = random_time();
		u64 behind = random_between(0, KGIL_CREDIT * interval);
		u64 longer = random_between(1, SEC), ahead = random_between(0, SEC);
		struct kgil_turns turns = { .floor = floor };
		struct kgil_share newcomer = { .key = random_u64() };
		struct kgil_share near = share_at(floor - behind, 7);
		struct kgil_share far = share_at(floor - KGIL_CREDIT * interval - longer, 7);
		struct kgil_share before = share_at(floor + ahead, 7);

		pattern_seed = random_state;
		kgil_fair_arrive(&newcomer, &turns, interval);
		EXPECT(newcomer.known && newcomer.key == floor);
		kgil_fair_arrive(&near, &turns, interval);
		EXPECT(near.key == floor - behind && near.used == 7);
		kgil_fair_arrive(&far, &turns, interval);
		EXPECT(far.key == floor - KGIL_CREDIT * interval && far.used == 0);
		kgil_fair_arrive(&before, &turns, interval);
		EXPECT(before.key == floor + ahead && before.used == 7);
		EXPECT(turns.floor == floor);
	}
	end_test();
}

static void test_charge(void)
{
	int i;

	begin_test("what a hold costs");
	for (i = 0; i < patterns; i++) {
		u64 interval = random_interval(KGIL_INTERVAL_MIN), key = random_time();
		u64 part = random_between(1, interval - 1);
		u64 rest = random_between(interval - part, 3 * interval);
		struct kgil_turns turns = {};
		struct kgil_share share = share_at(key, 0);

		pattern_seed = random_state;
		EXPECT(!kgil_fair_charge(&share, &turns, part, interval));
		EXPECT(share.key == key && share.used == part && turns.passed == part);
		EXPECT(kgil_fair_charge(&share, &turns, rest, interval));
		EXPECT(share.used < interval && share.key + share.used == key + part + rest);
		EXPECT(turns.passed == part + rest);
	}
	end_test();
}

/* What the owner had alone counts for an interval at most. */
static void test_first_waiter(void)
{
	int i;

	begin_test("what the owner has held alone");
	for (i = 0; i < patterns; i++) {
		u64 interval = random_interval(KGIL_INTERVAL_MIN), key = random_time();
		u64 alone = random_between(0, 10 * interval);
		struct kgil_turns turns = { .floor = key, .passed = 99 };
		struct kgil_share owner = share_at(key, 0), waiter = {};

		pattern_seed = random_state;
		kgil_fair_contended(&turns, &owner, alone, interval);
		kgil_fair_arrive(&waiter, &turns, interval);
		EXPECT(turns.passed == 0);
		EXPECT(waiter.key == key + (alone > interval ? alone - interval : 0));
		kgil_fair_contended(&turns, &owner, 0, interval);
		EXPECT(turns.floor == waiter.key);
	}
	end_test();
}

static void test_preemption(void)
{
	int i;

	begin_test("who is far enough behind");
	for (i = 0; i < patterns; i++) {
		u64 interval = random_interval(KGIL_INTERVAL_MIN), key = random_time();
		u64 ran = random_between(0, 2 * interval), used = random_between(0, interval);
		struct kgil_turns turns = {}, guarded = { .guarded = true };
		struct kgil_share owner = share_at(key, used);
		struct kgil_share at = share_at(key + ran - interval, used);
		struct kgil_share near = share_at(key + ran - interval + 1, used);
		struct kgil_share far = share_at(key + ran - 2 * interval, 0);

		pattern_seed = random_state;
		EXPECT(kgil_fair_preempts(&at, &owner, ran, &turns, interval));
		EXPECT(!kgil_fair_preempts(&near, &owner, ran, &turns, interval));
		EXPECT(kgil_fair_preempts(&far, &owner, ran, &turns, interval));
		EXPECT(!kgil_fair_preempts(&far, &owner, ran, &guarded, interval));
	}
	end_test();
}

static void test_turns(void)
{
	const u64 interval = KGIL_INTERVAL_DEFAULT;
	struct kgil_turns turns = { .floor = 5, .passed = KGIL_PASSED_OVER * interval };
	struct kgil_share least = share_at(9, 0), lower = share_at(4, 0);

	begin_test("whose turn it is");
	EXPECT(kgil_fair_takes_oldest(&turns, interval));
	turns.passed--;
	EXPECT(!kgil_fair_takes_oldest(&turns, interval));
	kgil_fair_turn(&turns, &least, true, false);
	EXPECT(turns.floor == 9 && !turns.guarded);
	EXPECT(turns.passed == KGIL_PASSED_OVER * interval - 1);
	kgil_fair_turn(&turns, &lower, false, true);
	EXPECT(turns.floor == 9 && turns.guarded && turns.passed == 0);
	turns.passed = 1;
	kgil_fair_turn(&turns, &lower, true, true);
	EXPECT(!turns.guarded && turns.passed == 0);
	end_test();
}

static void come_back(struct kgil_share *share, struct kgil_turns *turns, u64 gap, bool kept)
{
	u64 now = random_time() | 1;

	kgil_fair_leave(share, now);
	kgil_fair_return(share, turns, now + gap, kept);
}

static void test_soon(void)
{
	const u64 interval = KGIL_INTERVAL_DEFAULT;
	struct kgil_turns turns = {}, late = { .passed = KGIL_PASSED_OVER * interval };
	struct kgil_share share = share_at(0, 0);
	int i;

	begin_test("for whom it is kept");
	for (i = 0; i < KGIL_SOON_ALWAYS; i += KGIL_SOON_STEP) {
		EXPECT(!kgil_fair_keeps(&share, &turns, interval));
		EXPECT(kgil_fair_may_return(&share) == (i >= KGIL_SOON_AT_TIMES));
		come_back(&share, &turns, KGIL_SOON_NS, false);
	}
	EXPECT(turns.passed == 0);
	EXPECT(kgil_fair_keeps(&share, &turns, interval));
	EXPECT(!kgil_fair_keeps(&share, &late, interval));
	come_back(&share, &turns, 1000, true);
	EXPECT(kgil_fair_keeps(&share, &turns, interval) && turns.passed == 1000);
	/* Late once too often. */
	come_back(&share, &turns, KGIL_SOON_NS + 1, false);
	EXPECT(!kgil_fair_keeps(&share, &turns, interval) && kgil_fair_may_return(&share));
	/* Late now and then. */
	for (i = 0; i < 1000; i++)
		come_back(&share, &turns, 1, false);
	EXPECT(share.soon > KGIL_SOON_MAX - KGIL_SOON_STEP && share.soon <= KGIL_SOON_MAX);
	come_back(&share, &turns, KGIL_SOON_NS + 1, false);
	come_back(&share, &turns, KGIL_SOON_NS + 1, false);
	EXPECT(kgil_fair_keeps(&share, &turns, interval));
	/* Time that it was kept in vain counts, too. */
	turns.passed = 0;
	kgil_fair_kept_in_vain(&turns, 5000 + KGIL_SOON_NS, 5000 + 30);
	EXPECT(turns.passed == 30);
	/* It wants it without having left it: that tells nothing. */
	i = share.soon;
	kgil_fair_return(&share, &turns, 1, false);
	EXPECT(share.soon == (u32)i);
	/* Late for good. */
	for (i = 0; i < 100; i++)
		come_back(&share, &turns, KGIL_SOON_NS + 1, false);
	EXPECT(share.soon == 0 && !kgil_fair_may_return(&share));
	/* Late every other time, and every third. */
	for (i = 0; i < 1000; i++) {
		come_back(&share, &turns, i % 2 ? 1 : KGIL_SOON_NS + 1, false);
		EXPECT(!kgil_fair_keeps(&share, &turns, interval));
	}
	EXPECT(kgil_fair_may_return(&share));
	for (i = 0; i < 1000; i++) {
		come_back(&share, &turns, i % 3 ? 1 : KGIL_SOON_NS + 1, false);
		EXPECT(!kgil_fair_keeps(&share, &turns, interval));
	}
	end_test();
}

int main(int argc, char **argv)
{
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (u64)time(NULL);

	if (argc > 2)
		patterns = atoi(argv[2]);
	if (argc > 3 || patterns < 10) {
		fprintf(stderr, "usage: policy_test [SEED [PATTERNS, at least 10]]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	random_state = seed;
	printf("TAP version 13\n# seed %llu, %d patterns\n", seed, patterns);
	test_values();
	test_times();
	test_order();
	test_arrival();
	test_charge();
	test_first_waiter();
	test_preemption();
	test_turns();
	test_soon();
	test_waits(false);
	test_waits(true);
	test_hundreds();
	test_equal_shares();
	test_shares_beside_others();
	test_one_that_answers();
	test_one_that_hammers();
	printf("1..%d\n", tests);
	return failed != 0;
}
