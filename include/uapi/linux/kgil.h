/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kgil: a global interpreter lock and semaphore-backed locks.
 *
 * This is the contract between the kernel module and user space.  Both sides share
 * this header and kgil_netlink.h, which it includes.  Times are in nanoseconds of
 * CLOCK_MONOTONIC as the caller sees it (inside a time namespace, that namespace's).
 *
 * /dev/kgil answers KGIL_IOC_QUERY, KGIL_IOC_CREATE and KGIL_IOC_OPEN.  An
 * object is a file descriptor, and lives as long as its last descriptor, mapping
 * and running call.  Every other command is for an object's descriptor.
 *
 * poll(), select() and epoll on an object's descriptor: EPOLLIN | EPOLLRDNORM
 * while @count of struct kgil_state is not 0, that is, while an acquire by a
 * thread that doesn't own the object would not block; EPOLLERR if it would fail
 * with ENOTRECOVERABLE, which is looked at when somebody polls, and wakes nobody.
 * A release that hands the object to a waiter makes it readable at no moment.
 * As long as somebody polls an object, KGIL_WORD_WAITERS is set in its word, also
 * while it is free: each step is a call.
 *
 * A command that fails changes nothing, with two exceptions: EOWNERDEAD is an
 * acquisition, and a KGIL_IOC_YIELD ended by a signal has given the lock up.
 * (The record that a thread's first KGIL_IOC_ATTACH or acquire of a gil or
 * rlock makes of it stays, too, but shows nowhere.)
 *
 * Errors, one meaning each:
 *   EAGAIN      the object is taken (KGIL_IOC_TRY_ACQUIRE only)
 *   ETIMEDOUT   the deadline passed (KGIL_IOC_ACQUIRE_UNTIL only)
 *   EINTR       a signal arrived while waiting; with SA_RESTART the call is
 *               restarted instead, but a KGIL_IOC_YIELD never is
 *   EPERM       release of a free lock, or by a thread that is not the owner
 *   EDEADLK     waiting for a gil that the caller itself owns, or, until a time
 *               too, for a gil or rlock whose owner waits, itself or by way of
 *               others, for one that the caller owns
 *   EOVERFLOW   past a semaphore's maximum or an rlock's greatest depth
 *   EOWNERDEAD  the caller now holds the object; its last owner died holding
 *               it.  Reported once.
 *   ENOTRECOVERABLE  the word of the object's page holds nonsense; nobody can
 *               take it until somebody writes 0 there
 *   EINVAL      unknown flag or type, non-zero padding or argument, value out
 *               of range; the name is that of an object of another type
 *   ENOTTY      no such command for this descriptor
 *   EFAULT      bad pointer
 *   ENOMEM      no memory: to create, to map, to measure absences, or for the
 *               record of a thread that acquires a gil or rlock or attaches to it
 *   EMFILE, ENFILE  no descriptor to be had
 *   EACCES      no permission: to open the object of this name, to change the
 *               settings of another user's object, to do by a read-only
 *               descriptor what changes the object; or the mapping was made to
 *               read, and can't be made writable
 *   ENOENT      no object has this name
 *   EEXIST      an object has it (KGIL_OPEN_EXCL)
 */
#ifndef _UAPI_LINUX_KGIL_H
#define _UAPI_LINUX_KGIL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KGIL_DEVICE		"/dev/kgil"

/* Incremented when the meaning of something below changes. */
#define KGIL_ABI_VERSION	1

/**
 * enum kgil_type - what an object is
 * @KGIL_TYPE_GIL: global interpreter lock.  One owner, not recursive; who waits
 *	gets it in the order of its policy, handed over in one step; the owner
 *	is asked to drop it when its switch interval is over.
 * @KGIL_TYPE_SEM: counting semaphore with a maximum.  No owner.
 * @KGIL_TYPE_LOCK: Python's Lock: a semaphore of maximum 1.  No owner: any
 *	thread may release it.
 * @KGIL_TYPE_RLOCK: Python's RLock: the same semaphore, with an owner and a
 *	depth.
 */
enum kgil_type {
	KGIL_TYPE_GIL	= 1,
	KGIL_TYPE_SEM	= 2,
	KGIL_TYPE_LOCK	= 3,
	KGIL_TYPE_RLOCK	= 4,
};

/**
 * enum kgil_policy - which waiter of a gil is next, when its owner must drop it
 * @KGIL_POLICY_DEFAULT: what struct kgil_query calls the default
 * @KGIL_POLICY_FIFO: order of arrival; the owner is asked to drop it when its
 *	switch interval is over
 * @KGIL_POLICY_FAIR: who has held it least; a waiter that is far behind the
 *	owner has the owner asked at once, and an owner cut short so gets the rest
 *	of its interval later.  The default.
 */
enum kgil_policy {
	KGIL_POLICY_DEFAULT	= 0,
	KGIL_POLICY_FIFO	= 1,
	KGIL_POLICY_FAIR	= 2,
};

/* The switch interval of a gil, in ns. */
#define KGIL_INTERVAL_MIN	10000ULL
#define KGIL_INTERVAL_MAX	1000000000ULL
#define KGIL_INTERVAL_DEFAULT	5000000ULL

/*
 * How long a waiter of a sem, lock or rlock can be passed over, in ns: threads
 * that come later may take the object while that is faster, but a waiter that
 * has waited so long gets it from whoever releases it next.
 */
#define KGIL_HANDOFF_AT_ONCE	1ULL	/* nobody is passed over: FIFO */
#define KGIL_HANDOFF_MAX	1000000000ULL
#define KGIL_HANDOFF_DEFAULT	1000000ULL	/* lock, rlock */

/* The greatest maximum of a semaphore and the greatest depth of an rlock. */
#define KGIL_COUNT_MAX		0x7fffffffU

/* Bits of struct kgil_query.features. */
#define KGIL_FEATURE_DROP_PAGE	(1ULL << 0)	/* drop request in the page */
#define KGIL_FEATURE_OWNER_DEAD	(1ULL << 1)	/* EOWNERDEAD */
#define KGIL_FEATURE_NETLINK	(1ULL << 2)	/* the netlink family below */
#define KGIL_FEATURE_WORD	(1ULL << 3)	/* the word of the page, all types */
#define KGIL_FEATURE_NAMES	(1ULL << 4)	/* KGIL_IOC_OPEN */
#define KGIL_FEATURE_DEADLOCK	(1ULL << 5)	/* EDEADLK for a cycle of owners */
#define KGIL_FEATURE_POLL	(1ULL << 6)	/* poll, select, epoll on an object */
#define KGIL_FEATURE_TIMES	(1ULL << 7)	/* KGIL_IOC_TIMES, thresholds */
#define KGIL_FEATURE_AWAY	(1ULL << 8)	/* KGIL_IOC_AWAY */

/**
 * struct kgil_query - what this module is
 * @abi: KGIL_ABI_VERSION of the module
 * @default_policy: enum kgil_policy that a new gil gets
 * @features: KGIL_FEATURE_* bits
 * @types: bit (1 << enum kgil_type) for each type that can be created
 */
struct kgil_query {
	__u32 abi;
	__u32 default_policy;
	__u64 features;
	__u64 types;
};

/* Bits of struct kgil_create.flags; bit 0 is not one. */
/* Every acquire and release is a call, and so every hold is timed. */
#define KGIL_CREATE_TIMED	(1U << 1)

/**
 * struct kgil_create - what KGIL_IOC_CREATE makes
 * @type: enum kgil_type
 * @flags: KGIL_CREATE_* bits
 * @interval_ns: gil: switch interval, KGIL_INTERVAL_MIN to KGIL_INTERVAL_MAX;
 *	0: KGIL_INTERVAL_DEFAULT.  Other types: must be 0.
 * @policy: gil: enum kgil_policy.  Other types: must be 0.
 * @count: sem: count to begin with, 0 to @max.  Other types: must be 0.
 * @max: sem: maximum, 1 to KGIL_COUNT_MAX; rlock: greatest depth, the same
 *	range, or 0 for KGIL_COUNT_MAX.  Other types: must be 0.
 * @pad: must be 0
 * @handoff_ns: sem, lock, rlock: how long a waiter can be passed over, 1 to
 *	KGIL_HANDOFF_MAX.  0: lock and rlock KGIL_HANDOFF_DEFAULT, sem
 *	KGIL_HANDOFF_AT_ONCE.  gil: must be 0.
 */
struct kgil_create {
	__u32 type;
	__u32 flags;
	__u64 interval_ns;
	__u32 policy;
	__u32 count;
	__u32 max;
	__u32 pad;
	__u64 handoff_ns;
};

/* Bytes of a name, the NUL at its end included. */
#define KGIL_NAME_SIZE		64

/* Bits of struct kgil_open.flags. */
/* Make the object if none has the name. */
#define KGIL_OPEN_CREATE	(1U << 0)
/* With KGIL_OPEN_CREATE: fail with EEXIST if one has. */
#define KGIL_OPEN_EXCL		(1U << 1)
/* A descriptor for STATE, STATS, THREAD and a mapping to read, and no more. */
#define KGIL_OPEN_RDONLY	(1U << 2)
/* Without close-on-exec. */
#define KGIL_OPEN_INHERIT	(1U << 3)

/**
 * struct kgil_open - what KGIL_IOC_OPEN opens
 * @create: with KGIL_OPEN_CREATE: what to make if no object has the name; of one
 *	that is there, only the type has to be the same.  Else all 0, but for
 *	@create.type: 0 or the type that it has to have.
 * @flags: KGIL_OPEN_* bits
 * @mode: with KGIL_OPEN_CREATE: permission bits of a new object, of 0666, from
 *	which the umask takes away.  Else 0.
 * @name: 1 to 63 bytes and a NUL; no '/' and no control character
 *
 * Names are those of the caller's network namespace.  A name is there from its
 * creation until the last descriptor of its object is gone.
 *
 * Permission is that of a file with @mode, and the effective user and group of
 * who created it: r for KGIL_OPEN_RDONLY, else r and w.  CAP_DAC_OVERRIDE, and to
 * read CAP_DAC_READ_SEARCH, in the user namespace of who created it, go past
 * that.  It is asked for here only: who has the descriptor may use it.
 */
struct kgil_open {
	struct kgil_create create;
	__u32 flags;
	__u32 mode;
	char name[KGIL_NAME_SIZE];
};

/**
 * struct kgil_until - an acquire that gives up
 * @deadline_ns: absolute time, at most the greatest signed 64-bit number.  A
 *	deadline in the past still takes an object that is free.
 * @flags: must be 0
 * @pad: must be 0
 */
struct kgil_until {
	__u64 deadline_ns;
	__u32 flags;
	__u32 pad;
};

/* Bits of struct kgil_state.flags. */
#define KGIL_STATE_MINE		(1U << 0)	/* the caller owns it */
#define KGIL_STATE_OWNER_DIED	(1U << 1)	/* next acquire: EOWNERDEAD */
#define KGIL_STATE_DROP_REQUEST	(1U << 2)	/* the owner is asked to drop */

/**
 * struct kgil_state - one object at one moment
 * @id: number of the object, never used again
 * @type: enum kgil_type
 * @flags: KGIL_STATE_* bits
 * @owner: gil, rlock: id of the owning thread (see KGIL_IOC_ATTACH); 0: none
 * @owner_pid: process id of the owner, in the caller's pid namespace; for a
 *	lock that is taken, of the thread that took it; 0: none or unknown there
 * @owner_tid: thread id, likewise
 * @depth: rlock: how often the owner holds it; gil: 1 if owned; else 0
 * @count: how many acquires would not block; 0 or 1 but for a sem
 * @max: greatest @count; rlock: greatest @depth
 * @waiters: threads that wait now
 * @policy: gil: enum kgil_policy
 * @interval_ns: gil: switch interval
 * @handoff_ns: sem, lock, rlock: how long a waiter can be passed over
 */
struct kgil_state {
	__u64 id;
	__u32 type;
	__u32 flags;
	__u64 owner;
	__u32 owner_pid;
	__u32 owner_tid;
	__u32 depth;
	__u32 count;
	__u32 max;
	__u32 waiters;
	__u32 policy;
	__u32 pad;
	__u64 interval_ns;
	__u64 handoff_ns;
};

/**
 * struct kgil_stats - what happened to an object since it was created
 * @acquisitions: times it was acquired (an rlock's nested ones don't count),
 *	those with EOWNERDEAD and those by the word included
 * @contentions: acquires that had to wait, those by yield included
 * @wait_total_ns: time spent waiting, by waits that are over
 * @wait_max_ns: longest of these waits
 * @hold_total_ns: time it was held, by holds that are over.  Of what was taken
 *	by the word nothing, but of a gil from when the first waiter came.  Not
 *	for a sem of maximum above 1, nor for one that was mapped writable.
 * @hold_max_ns: longest of these holds
 * @switches: acquisitions by another thread than the one before; gil and rlock
 * @yields: times the owner gave a gil to a waiter by KGIL_IOC_YIELD
 * @drop_requests: times an owner was asked to drop
 * @timeouts: waits that ended by their deadline
 * @interrupts: waits that ended by a signal
 * @owner_deaths: owners that died holding it
 * @deadlocks: acquires refused because they would have closed a cycle of owners
 * @unchecked: acquires that waited although it wasn't known whether they close
 *	one: more than 1024 owners wait for each other in a row
 */
struct kgil_stats {
	__u64 acquisitions;
	__u64 contentions;
	__u64 wait_total_ns;
	__u64 wait_max_ns;
	__u64 hold_total_ns;
	__u64 hold_max_ns;
	__u64 switches;
	__u64 yields;
	__u64 drop_requests;
	__u64 timeouts;
	__u64 interrupts;
	__u64 owner_deaths;
	__u64 deadlocks;
	__u64 unchecked;
};

/* Bucket b of a histogram begins at 32 ns * 2^b, but bucket 0 at 0. */
#define KGIL_HIST_BUCKETS	32

/*
 * How long a wait has to last to be reported, or an owner to be blocked, in ns; 0:
 * none is.
 */
#define KGIL_THRESHOLD_MIN	1000ULL
#define KGIL_THRESHOLD_MAX	1000000000000ULL

/**
 * struct kgil_times - how long an object was waited for, held and asked for
 * @waits: waits that are over
 * @wait_min_ns: shortest of them; 0: there is none
 * @holds: holds that are over and whose begin and end the kernel saw; see
 *	@hold_total_ns of struct kgil_stats
 * @hold_min_ns: shortest of them; 0: there is none
 * @heeds: times an owner that was asked to drop the gil did so while others
 *	waited
 * @heed_total_ns: time from the drop requests to that
 * @heed_max_ns: longest of these times
 * @waiting_ns: how long the thread that waits longest has waited; 0: nobody does
 * @wait: histogram of the waits, see KGIL_HIST_BUCKETS
 * @hold: histogram of the holds
 */
struct kgil_times {
	__u64 waits;
	__u64 wait_min_ns;
	__u64 holds;
	__u64 hold_min_ns;
	__u64 heeds;
	__u64 heed_total_ns;
	__u64 heed_max_ns;
	__u64 waiting_ns;
	__u64 wait[KGIL_HIST_BUCKETS];
	__u64 hold[KGIL_HIST_BUCKETS];
};

/**
 * struct kgil_away - how long the owners of a gil were away from the processor
 * @blocks: times an owner was blocked in the kernel while others waited, as by a
 *	read() or a page that has to be fetched; of those that are over
 * @blocked_total_ns: how long these lasted, as far as somebody waited
 * @blocked_max_ns: the longest of them
 * @preemptions: times an owner could have run while others waited, but another
 *	thread had its processor; of those that are over
 * @preempted_total_ns: likewise
 * @preempted_max_ns: likewise
 * @missed: holds that were not followed, because too many threads were
 * @threshold_ns: what KGIL_IOC_SET_AWAY set; 0: nothing is measured
 *
 * A thread that is given the gil while it sleeps is away only after it has run.
 */
struct kgil_away {
	__u64 blocks;
	__u64 blocked_total_ns;
	__u64 blocked_max_ns;
	__u64 preemptions;
	__u64 preempted_total_ns;
	__u64 preempted_max_ns;
	__u64 missed;
	__u64 threshold_ns;
};

/*
 * struct kgil_page.word: what the object is now, and whether user space may
 * change it.  Below the flags stands
 *   gil, rlock  the id of the owning thread (KGIL_IOC_ATTACH); 0: free
 *   lock        whoever took it: a thread's id (KGIL_IOC_THREAD) or, with
 *               KGIL_WORD_CALL, a number of the kernel's; 0: free.  It says
 *               whom to wait for, and never who may release.
 *   sem         the count
 */
/* Threads wait or poll, or the kernel works: the next step has to be a call. */
#define KGIL_WORD_WAITERS	(1ULL << 63)
/* Free, and the last owner died: so has the next acquire, for EOWNERDEAD. */
#define KGIL_WORD_OWNER_DIED	(1ULL << 62)
/*
 * Taken by a call, or of a gil: waited for since.  Its release has to be a call,
 * because the kernel measures it.  Not of a sem.
 */
#define KGIL_WORD_CALL		(1ULL << 61)
#define KGIL_WORD_FLAGS		(7ULL << 61)
#define KGIL_WORD_VALUE		(~KGIL_WORD_FLAGS)

/**
 * struct kgil_page - what mmap() of an object shows
 * @word: see KGIL_WORD_*
 * @acquisitions: how often it was acquired by the word
 * @switches: gil, rlock: how many of these were by another thread than @last
 * @last: gil, rlock: id of the thread that acquired it last
 * @drop_request: gil: not 0: the owner should yield or release
 * @depth: rlock: how often the owner holds it
 *
 * One page at offset 0 (else EINVAL), MAP_SHARED.  A mapping that was made with
 * PROT_READ alone can't be made writable.  A child of fork doesn't inherit it.
 * The kernel is not hurt by whatever is written here; who shares the object may
 * be.
 *
 * With a writable mapping a free object is taken, and given back, without a
 * call, each by one compare-and-swap of @word, with acquire order when taking
 * and release order when giving back:
 *
 *   take   gil, lock, rlock  from 0 to the caller's id
 *          sem               from n, no flag and not 0, to n - 1
 *   give   gil, rlock        from the caller's id to 0
 *          lock              from n, no flag and not 0, to 0
 *          sem               from n, no flag and less than the maximum, to n + 1
 *
 * What can't be done so is a call.  Who has taken it adds 1 to @acquisitions
 * (of a sem: atomically); of a gil or rlock it also adds 1 to @switches if @last
 * is another, and stores its id there; of an rlock it stores 1 in @depth, and 0
 * before it gives it back.  The owner of an rlock, which the value of @word
 * tells, nests by @depth alone.
 */
struct kgil_page {
	__u64 word;
	__u64 acquisitions;
	__u64 switches;
	__u64 last;
	__u32 drop_request;
	__u32 depth;
};

#define KGIL_IOC_MAGIC		0xC6

/* On /dev/kgil: */
#define KGIL_IOC_QUERY		_IOR(KGIL_IOC_MAGIC, 0x80, struct kgil_query)
/* Returns a new descriptor, close-on-exec. */
#define KGIL_IOC_CREATE		_IOW(KGIL_IOC_MAGIC, 0x81, struct kgil_create)
/* Returns a new descriptor of the object that has the name. */
#define KGIL_IOC_OPEN		_IOW(KGIL_IOC_MAGIC, 0x82, struct kgil_open)

/*
 * On an object.  The commands without a structure take 0 as their argument.
 * The settings, KGIL_IOC_SET_*, are changed only by a descriptor that was made or
 * opened by the user who created the object, or by a holder of CAP_SYS_ADMIN in
 * the user namespace of that user.
 */
/* Take it; wait if need be. */
#define KGIL_IOC_ACQUIRE	_IO(KGIL_IOC_MAGIC, 0x90)
/* Take it if that needs no wait. */
#define KGIL_IOC_TRY_ACQUIRE	_IO(KGIL_IOC_MAGIC, 0x91)
/* Take it; wait until a time. */
#define KGIL_IOC_ACQUIRE_UNTIL	_IOW(KGIL_IOC_MAGIC, 0x92, struct kgil_until)
/* Give it back; exactly one waiter proceeds. */
#define KGIL_IOC_RELEASE	_IO(KGIL_IOC_MAGIC, 0x93)
/*
 * gil: give it to the next waiter, wait for one's own turn, own it again.
 * Without a waiter: go on owning it.
 */
#define KGIL_IOC_YIELD		_IO(KGIL_IOC_MAGIC, 0x94)
/* Read the state, and what happened until now. */
#define KGIL_IOC_STATE		_IOR(KGIL_IOC_MAGIC, 0x95, struct kgil_state)
#define KGIL_IOC_STATS		_IOR(KGIL_IOC_MAGIC, 0x96, struct kgil_stats)
/*
 * gil, rlock: the id by which the object knows the calling thread: less than
 * 2^61, the same for every object, never used again.  The first acquire does it
 * too; who takes the object by its word must do it before.
 */
#define KGIL_IOC_ATTACH		_IOR(KGIL_IOC_MAGIC, 0x97, __u64)
/*
 * gil: set the switch interval in ns, also for the one that is running.  A drop
 * request that has been raised stays.
 */
#define KGIL_IOC_SET_INTERVAL	_IOW(KGIL_IOC_MAGIC, 0x98, __u64)
/* gil: set the policy, an enum kgil_policy, also for those who wait already. */
#define KGIL_IOC_SET_POLICY	_IOW(KGIL_IOC_MAGIC, 0x99, __u32)
/* sem, lock, rlock: set how long a waiter can be passed over, in ns. */
#define KGIL_IOC_SET_HANDOFF	_IOW(KGIL_IOC_MAGIC, 0x9a, __u64)
/* The calling thread's id, as KGIL_IOC_ATTACH tells it, on any object. */
#define KGIL_IOC_THREAD		_IOR(KGIL_IOC_MAGIC, 0x9b, __u64)
/* Read how long it was waited for and held. */
#define KGIL_IOC_TIMES		_IOR(KGIL_IOC_MAGIC, 0xa0, struct kgil_times)
/*
 * Report waits, of those that begin from now on, that last longer than so many
 * ns, KGIL_THRESHOLD_MIN to KGIL_THRESHOLD_MAX, by KGIL_CMD_LONG_WAIT_NTF; 0:
 * none, as it is at first.
 */
#define KGIL_IOC_SET_THRESHOLD	_IOW(KGIL_IOC_MAGIC, 0xa1, __u64)
/* gil: read how long its owners were away from the processor. */
#define KGIL_IOC_AWAY		_IOR(KGIL_IOC_MAGIC, 0xa2, struct kgil_away)
/*
 * gil: measure that from now on, and report an owner that was blocked for more than
 * so many ns while others waited, KGIL_THRESHOLD_MIN to KGIL_THRESHOLD_MAX, by
 * KGIL_CMD_OWNER_BLOCKED_NTF when it is over; 0: don't, as it is at first.  As long
 * as this is set for any object, each switch of threads of the whole machine takes
 * a little longer.
 */
#define KGIL_IOC_SET_AWAY	_IOW(KGIL_IOC_MAGIC, 0xa3, __u64)

/*
 * Generic netlink: names and numbers.  Only objects created in the socket's network
 * namespace are shown.  Names and pids are shown to the user who created the object, to
 * a holder of CAP_SYS_ADMIN in that user's namespace, and to whom the mode of a named
 * object gives r.
 */
#include <linux/kgil_netlink.h>

#endif /* _UAPI_LINUX_KGIL_H */
