/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Torture: processes of threads use some objects in all ways at once, are
 * disturbed and killed, and an oracle watches each object.
 *
 * The supervisor makes the world, starts families, disturbs and kills them, and
 * looks whether anybody waits for too long.  A family is a process: a parent
 * that starts its threads again, the threads, and at most one child of fork for
 * each thread.  Whoever takes objects has a slot in the world, which outlives it:
 * there stands what it was about to do when it was killed.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdatomic.h>

#include "kgil_word.h"

#define OBJECTS 10
#define SLOTS_MAX 64
#define FAMILIES_MAX 16
#define TEXT_SIZE 256

/* What a slot is about to do with an object. */
enum phase {
	IDLE,	 /* has it not */
	TAKING,	 /* may have it */
	HOLDING, /* has it */
	GIVING,	 /* may have it still */
};

/* What is counted, in the order of the summary; see count_names. */
enum count {
	ACQUIRES,
	BY_WORD,
	TRIES,
	POLLS,
	TIMEOUTS,
	INTERRUPTS,
	HEIRS,
	DEADLOCKS,
	YIELDS,
	NESTED,
	REFUSED,
	SIGNALS,
	KILLS,
	FORKS,
	EXECS,
	THREAD_EXITS,
	PASSED,
	CLOSES,
	OPENS,
	MAPS,
	SETTINGS,
	STOPS,
	FREEZES,
	AWAYS,
	UNPLUGS,
	READS,
	COUNTS,
};

/*
 * One object and its oracle.  Who holds it is in @inside; of an object of one
 * unit, @first and @second are plain counters of what @acquired counts by atomic
 * additions.  They are equal whenever nobody holds it.
 */
struct object {
	int fd; /* the same number in all families, close-on-exec */
	__u32 type;
	__u32 units;
	__u32 max_depth;
	__u64 id;
	char name[KGIL_NAME_SIZE]; /* empty: it has none */
	atomic_ullong inside;	   /* a bit for each slot that surely holds it */
	atomic_ullong acquired;	   /* how often it was acquired */
	volatile __u64 first;
	volatile __u64 second;
	atomic_uint gated;    /* nobody may begin to take it */
	atomic_uint doubtful; /* slots that died and may have held it */
	atomic_uint certain;  /* those that surely did */
};

struct slot {
	atomic_int pid;
	atomic_int tid;
	atomic_uint phases[OBJECTS];
	atomic_ullong since;   /* when the wait began; 0: it waits for nothing */
	atomic_uint waits_for; /* for which object */
	atomic_uint lives;     /* so often has somebody begun with this slot */
	atomic_ullong counts[COUNTS];
};

struct family {
	atomic_int pid;
	atomic_uint executed; /* 1 + the slot that lives on, in another program */
};

/* How the test itself is broken, to see that the oracle finds it. */
enum broken {
	NOT_BROKEN,
	SKIP,	/* takes without taking */
	FORGET, /* doesn't give back */
	STEAL,	/* gives what another has */
};

struct options {
	double minutes;
	__u64 seed;
	int processes;
	int threads;
	int patience; /* seconds that a wait may take */
	bool kills;
	enum broken broken;
};

/* All that is shared, in a file in memory. */
struct world {
	struct options options;
	int memory;  /* its descriptor, kept by exec */
	int post[2]; /* a socket for descriptors */
	__u64 begin;
	atomic_ullong doomed; /* slots that are about to die or dead */
	atomic_uint stop;
	atomic_uint failed;
	atomic_uint hot;      /* the object that most want now */
	char text[TEXT_SIZE]; /* of the first failure */
	int probe;	      /* the gil that always asks for absences */
	struct object objects[OBJECTS];
	struct family families[FAMILIES_MAX];
	struct slot slots[SLOTS_MAX];
};

extern struct world *world;

/*
 * Slots: 0 is the supervisor's; then, for each family, its parent's, those of
 * its threads, and those of their children.
 */
int slot_count(void);
int parent_slot(int family);
int thread_slot(int family, int thread);
int child_slot(int thread_slot);
/* The bits of the slots of a family. */
__u64 family_mask(int family);
__u64 slot_bit(int slot);

/* One who uses objects: private to its thread. */
struct hand {
	int slot;
	__u64 random;
	struct user users[OBJECTS]; /* .fd < 0: not open; .page NULL: not mapped */
	int held[OBJECTS];	    /* which, in the order in which they were taken */
	int holds;
	bool owned_only;   /* takes only what has an owner */
	pid_t child;	   /* of fork; 0: none */
	bool child_mortal; /* it may be killed at any moment */
};

/* Random numbers: the same for the same seed, slot and life. */
void begin_hand(struct hand *hand, int slot);
__u32 below(struct hand *hand, __u32 bound);
bool one_in(struct hand *hand, __u32 bound);

void add_count(int slot, enum count what);
/* A descriptor, or -errno; @create: NULL: of an object that is there. */
int open_named(const char *name, const struct kgil_create *create);
bool has_owner(int object);
const char *object_name(int object);

/* Not as it must be: says so, and the run is over. */
void violation(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/*
 * oracle.c
 */
void set_phase(const struct hand *hand, int object, enum phase phase);
/* False: it is gated.  Then the slot is idle. */
bool begin_taking(const struct hand *hand, int object);
/* It has been acquired, with @news 0 or EOWNERDEAD. */
void enter_hold(struct hand *hand, int object, int news);
/* It is about to be given back. */
void leave_hold(struct hand *hand, int object);
/* All slots of @dead have died.  With an owner: by any hand; the others: the supervisor's. */
void resolve_owned(struct hand *hand, __u64 dead);
void resolve_all(struct hand *hand, __u64 dead);
/* At the end, when nobody else is left. */
void check_object(struct hand *hand, int object);

/*
 * hold.c
 */
void open_users(struct hand *hand);
/* A child of fork has its parent's descriptors, but no mapping. */
void inherit_users(struct hand *hand, const struct hand *parent);
void close_users(struct hand *hand);
bool take(struct hand *hand, int object);
void give(struct hand *hand, int object);
/* One thing at random. */
void step(struct hand *hand);

/*
 * family.c
 */
/* The process of a family; returns its pid. */
pid_t start_family(int family);
void fork_child_of(struct hand *hand);
/* Reaps a child that has ended; with @wait, waits for it. */
void look_after_child(struct hand *hand, bool wait);
/* exec with an object in hand: @inherit: the new program goes on holding it. */
void exec_holding(struct hand *hand, int object, bool inherit) __attribute__((noreturn));
void exit_holding(struct hand *hand) __attribute__((noreturn));
/* The program that was executed. */
int executed_main(char **argv);

/*
 * disturb.c
 */
void disturb(struct hand *supervisor);
void kill_family(struct hand *supervisor, int family);
/* It has ended by itself, with @status. */
void family_ended(struct hand *supervisor, int family, int status);
pid_t start_plugger(void);

/*
 * watch.c
 */
/* Does anybody wait for too long? */
void watch(void);
void show_world(void);

/*
 * reader.c: reads /proc/kgil and netlink until the end
 */
pid_t start_reader(void);

#endif /* TORTURE_H */
