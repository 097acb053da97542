/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fuzzer: processes of threads run random programs of calls on the module.
 *
 * A program is a few calls.  Each is made of numbers, most of which choose from
 * values that are worth a try (values.c).  What a program did that none before
 * did, the corpus keeps, to go on from: new edges of the module's code where the
 * kernel has KCOV, else pairs of a call and its result.  A corpus that is given is
 * run first, as it is, and what of it does nothing new is dropped.
 *
 * The supervisor starts the processes again when they end, kills one now and
 * then, and looks for calls that do not end.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdatomic.h>

#include "kgil_word.h"

#define CALLS_MAX 12 /* of a program */
#define CORPUS_MAX 4096
#define PROCESSES_MAX 8
#define THREADS_MAX 4
#define WORKERS_MAX (PROCESSES_MAX * THREADS_MAX)
#define SHARED_MAX 8 /* objects that all processes have */
#define COVER_BITS 4194304
#define TEXT_SIZE 256

/* What a call does; op_names has the same order. */
enum op {
	OP_CREATE,
	OP_COMMAND,
	OP_ACQUIRE,
	OP_RELEASE,
	OP_WILD_COMMAND,
	OP_MMAP,
	OP_MUNMAP,
	OP_MPROTECT,
	OP_MREMAP,
	OP_MADVISE,
	OP_SCRIBBLE,
	OP_TOUCH,
	OP_FILE,
	OP_POLL,
	OP_EPOLL,
	OP_CLOSE,
	OP_DUP,
	OP_PASS,
	OP_PROC_OPEN,
	OP_PROC_READ,
	OP_NETLINK_SEND,
	OP_NETLINK_RECEIVE,
	OP_NETLINK_SOCKET,
	OP_FORK,
	OP_SIGNAL,
	OP_PROCESS,
	OPS,
};

struct call {
	__u8 op;
	__u8 file; /* which of the descriptors */
	__u8 how;
	__u8 more;
	__u64 x;
	__u64 y;
};

struct program {
	__u32 length;
	struct call calls[CALLS_MAX];
};

struct worker_state {
	atomic_int tid;
	atomic_ullong calls;
	atomic_ullong since; /* when the call began; 0: none runs */
	atomic_uint op;
};

struct options {
	__u64 calls;
	__u64 seed;
	int processes;
	int threads;
	const char *corpus; /* a file, or NULL */
	bool replay;	    /* run what is in it, and no more */
};

/* Shared by all processes. */
struct arena {
	__u64 seed;
	__u64 begin;
	int processes;
	int threads;
	atomic_uint stop;
	atomic_uint failed;
	char text[TEXT_SIZE];
	int shared[SHARED_MAX];
	__u16 family;
	atomic_uint corpus_size;
	__u32 given_size;
	atomic_uint replayed; /* of given */
	bool only_replay;
	atomic_ullong edges;
	struct worker_state workers[WORKERS_MAX];
	struct program corpus[CORPUS_MAX];
	struct program given[CORPUS_MAX];
	atomic_uchar covered[COVER_BITS / 8];
};

extern struct arena *arena;

/* Not as it must be: the run is over. */
void violation(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * values.c: random numbers, and those worth a try
 */
struct random {
	__u64 state;
};

__u32 below(struct random *random, __u32 bound);
__u64 any_number(struct random *random);
/* What @choice chooses: of 64-bit numbers, and of numbers of bytes. */
__u64 value_of_choice(__u64 choice);
size_t size_of_choice(__u64 choice);

/*
 * program.c
 */
void make_program(struct random *random, struct program *program);
/* A program of the corpus with something changed, or two of them made one. */
void vary_program(struct random *random, struct program *program);
void keep_program(const struct program *program);
/* The next program of the corpus that was given.  False: all of them were run. */
bool replay_program(struct program *program);
bool load_corpus(const char *path);
void save_corpus(const char *path);

/*
 * command.c: ioctls
 */
/* Finds which commands there are, by trying. */
void find_commands(void);
int command_count(void);
/* They return what the ioctl returns, or -errno. */
long run_command(int fd, const struct call *call);
long run_create(int fd, const struct call *call);

/*
 * call.c: one call of any kind, by one thread
 */
#define FILES_MAX 16
#define MAPPINGS_MAX 4

struct fuzzer {
	int number;
	struct worker_state *state;
	struct random random;
	int netlink;
	struct program program;
};

/* What the threads of a process share: closed and replaced under each other. */
void begin_process(int process);
/* Returns the result, or -errno. */
long run_call(struct fuzzer *worker, const struct call *call);

/*
 * memory.c
 */
long run_memory(struct fuzzer *worker, const struct call *call, int fd);
void catch_faults(void);

/*
 * netlink.c
 */
__u16 find_family(void);
long run_netlink(struct fuzzer *worker, const struct call *call);

/*
 * cover.c
 */
bool begin_cover(void);
void start_cover(void);
/* Returns how many edges are new. */
int stop_cover(void);
/* Without KCOV: is this result of this call new? */
bool new_result(const struct call *call, long result);

/*
 * process.c
 */
void process_main(int process, __u64 life) __attribute__((noreturn));

#endif /* FUZZ_H */
