// SPDX-License-Identifier: GPL-2.0
/* The supervisor: options, the world, the run, the summary.  TAP on standard output. */
#include <argp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "torture.h"

#define DISTURB_US 15000
#define WATCH_NS (NSEC_PER_SEC / 4)
#define EXIT_VIOLATED 1
#define EXIT_USAGE 2

struct world *world;
static pid_t supervisor_pid;

static const struct {
	const char *name;
	struct kgil_create create;
} specs[OBJECTS] = {
	{ "gil, fair", { .type = KGIL_TYPE_GIL, .policy = KGIL_POLICY_FAIR } },
	{ "gil, fifo",
	  { .type = KGIL_TYPE_GIL, .policy = KGIL_POLICY_FIFO, .interval_ns = 200000 } },
	{ "gil, timed", { .type = KGIL_TYPE_GIL, .flags = KGIL_CREATE_TIMED } },
	{ "rlock", { .type = KGIL_TYPE_RLOCK } },
	{ "rlock of depth 3", { .type = KGIL_TYPE_RLOCK, .max = 3, .handoff_ns = 1 } },
	{ "lock", { .type = KGIL_TYPE_LOCK } },
	{ "lock, first come", { .type = KGIL_TYPE_LOCK, .handoff_ns = KGIL_HANDOFF_AT_ONCE } },
	{ "sem of 1", { .type = KGIL_TYPE_SEM, .count = 1, .max = 1 } },
	{ "sem of 2", { .type = KGIL_TYPE_SEM, .count = 2, .max = 2 } },
	{ "sem of 3, barging",
	  { .type = KGIL_TYPE_SEM, .count = 3, .max = 3, .handoff_ns = KGIL_HANDOFF_DEFAULT } },
};

const char *object_name(int object)
{
	return specs[object].name;
}

bool has_owner(int object)
{
	__u32 type = specs[object].create.type;

	return type == KGIL_TYPE_GIL || type == KGIL_TYPE_RLOCK;
}

/*
 * Slots
 */
static int family_size(void)
{
	return 1 + 2 * world->options.threads;
}

int slot_count(void)
{
	return 1 + world->options.processes * family_size();
}

int parent_slot(int family)
{
	return 1 + family * family_size();
}

int thread_slot(int family, int thread)
{
	return parent_slot(family) + 1 + thread;
}

int child_slot(int slot)
{
	int within = (slot - 1) % family_size();

	if (slot == 0 || within == 0 || within > world->options.threads)
		return -1;
	return slot + world->options.threads;
}

__u64 slot_bit(int slot)
{
	return 1ULL << slot;
}

__u64 family_mask(int family)
{
	return (slot_bit(family_size()) - 1) << parent_slot(family);
}

void add_count(int slot, enum count what)
{
	atomic_fetch_add_explicit(&world->slots[slot].counts[what], 1, memory_order_relaxed);
}

/*
 * Random numbers
 */
__u32 below(struct hand *hand, __u32 bound)
{
	hand->random = hand->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (hand->random >> 33) % bound;
}

bool one_in(struct hand *hand, __u32 bound)
{
	return below(hand, bound) == 0;
}

void begin_hand(struct hand *hand, int slot)
{
	__u64 life = atomic_fetch_add(&world->slots[slot].lives, 1);
	int i;

	memset(hand, 0, sizeof(*hand));
	hand->slot = slot;
	hand->random = world->options.seed * 0x9e3779b97f4a7c15ULL + (life << 8) + slot;
	/* So that neighbours don't begin alike. */
	for (i = 0; i < 4; i++)
		below(hand, 2);
	for (i = 0; i < OBJECTS; i++)
		hand->users[i].fd = -1;
}

/*
 * The end
 */
static const char *const count_names[COUNTS] = {
	[ACQUIRES] = "acquires",
	[BY_WORD] = "by the word",
	[TRIES] = "tries",
	[POLLS] = "polls",
	[TIMEOUTS] = "timeouts",
	[INTERRUPTS] = "interrupts",
	[HEIRS] = "heirs of the dead",
	[DEADLOCKS] = "deadlocks refused",
	[YIELDS] = "yields",
	[NESTED] = "nested",
	[REFUSED] = "rightly refused",
	[SIGNALS] = "signals",
	[KILLS] = "kills",
	[FORKS] = "forks",
	[EXECS] = "execs",
	[THREAD_EXITS] = "exits with a lock in hand",
	[PASSED] = "descriptors passed",
	[CLOSES] = "closes",
	[OPENS] = "opens by name",
	[MAPS] = "maps",
	[SETTINGS] = "settings",
	[STOPS] = "stops",
	[FREEZES] = "freezes",
	[AWAYS] = "absences asked for",
	[UNPLUGS] = "processors unplugged",
	[READS] = "reads of /proc and netlink",
};

static __u64 total(enum count what)
{
	__u64 sum = 0;
	int slot;

	for (slot = 0; slot < slot_count(); slot++)
		sum += atomic_load(&world->slots[slot].counts[what]);
	return sum;
}

static void show_summary(void)
{
	int what;

	printf("# torture: %.0f s, seed %llu, %d processes of %d threads:",
	       (now_ns() - world->begin) / 1e9, world->options.seed, world->options.processes,
	       world->options.threads);
	for (what = 0; what < COUNTS; what++)
		printf("%s %llu %s", what ? "," : "", total(what), count_names[what]);
	printf("\n");
}

static int test_number, tests_failed;

static void verdict(bool good, const char *what)
{
	printf("%s %d torture: %s\n", good ? "ok" : "not ok", ++test_number, what);
	tests_failed += !good;
}

static void kill_everybody(void)
{
	int family;

	for (family = 0; family < world->options.processes; family++)
		kill(atomic_load(&world->families[family].pid), SIGKILL);
}

static void __attribute__((noreturn)) give_up(void)
{
	printf("# violation: %s\n", world->text);
	show_world();
	show_summary();
	verdict(false, "no violation");
	printf("1..%d\n", test_number);
	atomic_store(&world->stop, 1);
	kill_everybody();
	exit(EXIT_VIOLATED);
}

void violation(const char *format, ...)
{
	__u32 failed = 0;
	va_list args;

	if (atomic_compare_exchange_strong(&world->failed, &failed, 1)) {
		va_start(args, format);
		vsnprintf(world->text, sizeof(world->text), format, args);
		va_end(args);
		atomic_store(&world->failed, 2);
	}
	if (getpid() == supervisor_pid)
		give_up();
	/* Everything stays as it is, until the supervisor has looked at it. */
	for (;;)
		pause();
}

static void check_failed(void)
{
	if (!atomic_load(&world->failed))
		return;
	while (atomic_load(&world->failed) != 2)
		usleep(100);
	give_up();
}

/*
 * The world
 */
int open_named(const char *name, const struct kgil_create *create)
{
	struct kgil_open args = {};
	int device = open_device(), fd, err;

	if (create) {
		args.create = *create;
		args.flags = KGIL_OPEN_CREATE | KGIL_OPEN_EXCL;
		args.mode = 0600;
	}
	memcpy(args.name, name, sizeof(args.name));
	fd = ioctl(device, KGIL_IOC_OPEN, &args);
	err = errno;
	close(device);
	return fd < 0 ? -err : fd;
}

static void make_object(int index)
{
	struct object *object = &world->objects[index];
	const struct kgil_create *args = &specs[index].create;

	/* Every other one has a name, which others can open. */
	if (index % 2)
		snprintf(object->name, sizeof(object->name), "torture-%d-%d", supervisor_pid,
			 index);
	object->fd = index % 2 ? open_named(object->name, args) : create(args);
	if (object->fd < 0)
		violation("%s: cannot be created: errno %d", object_name(index), -object->fd);
	object->type = args->type;
	object->units = args->type == KGIL_TYPE_SEM ? args->max : 1;
	object->max_depth = args->type == KGIL_TYPE_RLOCK && args->max ? args->max : KGIL_COUNT_MAX;
	object->id = state_of(object->fd).id;
}

static void keep_probe(void)
{
	__u64 never = KGIL_THRESHOLD_MAX;

	while (world->objects[world->probe].type != KGIL_TYPE_GIL)
		world->probe++;
	CHECK(ioctl(world->objects[world->probe].fd, KGIL_IOC_SET_AWAY, &never) == 0);
}

static void make_world(const struct options *options)
{
	struct rlimit limit = { 4096, 4096 };
	int memory = memfd_create("torture", 0), i;

	CHECK(memory >= 0 && ftruncate(memory, sizeof(*world)) == 0);
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	CHECK(world != MAP_FAILED);
	world->options = *options;
	world->memory = memory;
	world->begin = now_ns();
	supervisor_pid = getpid();
	setrlimit(RLIMIT_NOFILE, &limit);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, world->post) == 0);
	/* Orphans come here. */
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	for (i = 0; i < OBJECTS; i++)
		make_object(i);
	keep_probe();
}

/*
 * The run
 */
static void reap_families(struct hand *supervisor)
{
	int family, status;

	for (family = 0; family < world->options.processes; family++) {
		pid_t pid = atomic_load(&world->families[family].pid);

		if (waitpid(pid, &status, WNOHANG) == pid)
			family_ended(supervisor, family, status);
	}
}

static void run_world(struct hand *supervisor)
{
	__u64 end = now_ns() + (__u64)(world->options.minutes * 60 * NSEC_PER_SEC);
	__u64 look = 0;

	while (now_ns() < end) {
		check_failed();
		reap_families(supervisor);
		if (now_ns() > look) {
			watch();
			look = now_ns() + WATCH_NS;
		}
		/* Of families that have executed a program, the others are dead. */
		resolve_all(supervisor, 0);
		disturb(supervisor);
		usleep(below(supervisor, DISTURB_US));
	}
}

static void end_of(struct hand *supervisor, pid_t pid, const char *who)
{
	__u64 until = now_ns() + world->options.patience * NSEC_PER_SEC;
	int status;

	(void)supervisor;
	while (waitpid(pid, &status, WNOHANG) != pid) {
		check_failed();
		if (now_ns() > until)
			violation("%s %d does not end", who, pid);
		usleep(1000);
	}
	if (status)
		violation("%s %d ended with status %#x", who, pid, status);
}

/* All end by themselves; what a program that was executed left is cleared up. */
static void end_world(struct hand *supervisor, pid_t reader, pid_t plugger)
{
	int family;

	atomic_store(&world->stop, 1);
	for (family = 0; family < world->options.processes; family++)
		end_of(supervisor, atomic_load(&world->families[family].pid), "process");
	end_of(supervisor, reader, "reader");
	end_of(supervisor, plugger, "plugger");
	for (family = 0; family < world->options.processes; family++)
		resolve_all(supervisor, family_mask(family));
	rmdir("/sys/fs/cgroup/kgil-torture");
}

static bool is_listed(__u64 id)
{
	char *text = read_file(PROC_OBJECTS, 4096);
	bool listed = rows_of(text, id) > 0;

	free(text);
	return listed;
}

static void check_left(void)
{
	__u64 ids[OBJECTS];
	bool gone = true;
	int i;

	close(world->post[0]);
	close(world->post[1]);
	for (i = 0; i < OBJECTS; i++) {
		ids[i] = world->objects[i].id;
		close(world->objects[i].fd);
	}
	/* Readers and the dead may hold an object for a moment. */
	for (i = 0; i < OBJECTS; i++)
		gone = WAIT_UNTIL(!is_listed(ids[i])) && gone;
	verdict(gone, "no object is left");
}

/* What a run of some length has to have seen, to be worth anything. */
static bool saw_all(void)
{
	const __u64 enough = 20000;
	bool all = true;
	int what;

	if (total(ACQUIRES) < enough) {
		printf("# too short to have seen everything\n");
		return true;
	}
	for (what = 0; what < COUNTS; what++) {
		bool optional = what == UNPLUGS || what == FREEZES ||
				(!world->options.kills && (what == KILLS || what == EXECS ||
							   what == THREAD_EXITS || what == HEIRS));

		if (!total(what) && !optional) {
			printf("# no %s\n", count_names[what]);
			all = false;
		}
	}
	return all;
}

static int run(void)
{
	struct hand supervisor;
	pid_t reader, plugger;
	int i;

	begin_hand(&supervisor, 0);
	reader = start_reader();
	plugger = start_plugger();
	for (i = 0; i < world->options.processes; i++)
		start_family(i);
	run_world(&supervisor);
	end_world(&supervisor, reader, plugger);
	verdict(true, "no violation");
	for (i = 0; i < OBJECTS; i++)
		check_object(&supervisor, i);
	verdict(true, "at the end all is free and exactly counted");
	show_summary();
	check_left();
	verdict(saw_all(), "each kind of thing has happened");
	printf("1..%d\n", test_number);
	return tests_failed ? EXIT_VIOLATED : 0;
}

/*
 * Options
 */
enum {
	KEY_BROKEN = 256,
	KEY_NO_KILLS,
	KEY_PATIENCE
};

static const struct argp_option argp_options[] = {
	{ "minutes", 'm', "M", 0, "how long, fractions too; default 1", 0 },
	{ "seed", 's', "S", 0, "decide as the run with this seed did; default: the clock's", 0 },
	{ "processes", 'p', "N", 0, "default 3", 0 },
	{ "threads", 't', "N", 0, "of each process; default 4", 0 },
	{ "patience", KEY_PATIENCE, "S", 0, "seconds that a wait may take; default 60", 0 },
	{ "no-kills", KEY_NO_KILLS, NULL, 0, "nobody dies", 0 },
	{ "broken", KEY_BROKEN, "HOW", 0,
	  "break the test, to see that it finds it: skip (hold without taking), "
	  "forget (to give back) or steal (give back what another has)",
	  0 },
	{}
};

static double number(struct argp_state *state, const char *name, const char *text, double min,
		     double max)
{
	char *end;
	double value = strtod(text, &end);

	if (*end || end == text || !(value >= min && value <= max)) {
		fprintf(stderr, "%s: --%s takes a number from %g to %g, not '%s'\n", state->name,
			name, min, max, text);
		exit(EXIT_USAGE);
	}
	return value;
}

static enum broken parse_broken(struct argp_state *state, const char *text)
{
	static const char *const names[] = { [SKIP] = "skip",
					     [FORGET] = "forget",
					     [STEAL] = "steal" };
	int i;

	for (i = SKIP; i <= STEAL; i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	fprintf(stderr, "%s: --broken takes skip, forget or steal, not '%s'\n", state->name, text);
	exit(EXIT_USAGE);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'm':
		options->minutes = number(state, "minutes", text, 0.01, 100000);
		return 0;
	case 's':
		options->seed = number(state, "seed", text, 0, 1e15);
		return 0;
	case 'p':
		options->processes = number(state, "processes", text, 1, FAMILIES_MAX);
		return 0;
	case 't':
		options->threads = number(state, "threads", text, 1, SLOTS_MAX / 2);
		return 0;
	case KEY_PATIENCE:
		options->patience = number(state, "patience", text, 1, 10000);
		return 0;
	case KEY_NO_KILLS:
		options->kills = false;
		return 0;
	case KEY_BROKEN:
		options->broken = parse_broken(state, text);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse,
	.doc = "Use the locks of the module kgil in all ways at once, and see that they hold.",
};

int main(int argc, char **argv)
{
	struct options options = { .minutes = 1,
				   .seed = now_ns() % 1000000007,
				   .processes = 3,
				   .threads = 4,
				   .patience = 60,
				   .kills = true };

	if (argc > 1 && strcmp(argv[1], "executed") == 0)
		return executed_main(argv);
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (1 + options.processes * (1 + 2 * options.threads) > SLOTS_MAX) {
		fprintf(stderr, "%s: %d processes of %d threads are too many: "
				"processes x (1 + 2 x threads) can be %d at most\n",
			argv[0], options.processes, options.threads, SLOTS_MAX - 1);
		return EXIT_USAGE;
	}
	printf("TAP version 13\n# seed %llu\n", options.seed);
	make_world(&options);
	return run();
}
