/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Made by scripts/netlink-gen of docs/netlink/kgil.yaml: change that. */
#ifndef _UAPI_LINUX_KGIL_NETLINK_H
#define _UAPI_LINUX_KGIL_NETLINK_H

#define KGIL_GENL_NAME		"kgil"
#define KGIL_GENL_VERSION	1
#define KGIL_GENL_MCGRP_EVENTS	"events"
#define KGIL_GENL_MCGRP_OBJECTS	"objects"

/**
 * enum kgil_thread_state - what a thread has to do with an object
 * @KGIL_THREAD_OWNER: It owns it; of a lock, it took it.
 * @KGIL_THREAD_WAITER: It waits for it.
 * @KGIL_THREAD_IDLE: Neither now; it did once, or has attached to it.
 */
enum kgil_thread_state {
	KGIL_THREAD_OWNER	= 1,
	KGIL_THREAD_WAITER,
	KGIL_THREAD_IDLE,
};

/**
 * enum kgil_cmd - commands and notifications
 * @KGIL_CMD_OBJECT_GET: One object, or all of them.
 * @KGIL_CMD_OWNER_DIED_NTF: An owner died holding the object. "owner" is
 *	its id, "waiters" how many waited at that moment. To the group "events",
 *	with id, type, owner, waiters.
 * @KGIL_CMD_THREAD_GET: The threads of one object, if its number is given,
 *	or of all. A message for each thread and object.
 * @KGIL_CMD_OBJECT_SET: Set what is given, all of it or nothing. For the
 *	user who created the object, and for CAP_SYS_ADMIN.
 * @KGIL_CMD_CREATED_NTF: An object was created. To the group "objects",
 *	with id, type.
 * @KGIL_CMD_DESTROYED_NTF: An object is gone. To the group "objects", with
 *	id, type.
 * @KGIL_CMD_CHANGED_NTF: A setting was set. To the group "events", with id,
 *	type, policy, interval, handoff, threshold, away-threshold.
 * @KGIL_CMD_LONG_WAIT_NTF: A wait lasts longer than the object's threshold;
 *	once for a wait, while it goes on or at its end. To the group "events",
 *	with id, type, owner, waiters, waiting, waiter.
 * @KGIL_CMD_DEADLOCK_NTF: An acquire was refused because it would have
 *	closed a cycle of owners. "thread" is the one that was refused, "waiters"
 *	how many wait. To the group "events", with id, type, waiters, thread.
 * @KGIL_CMD_OWNER_BLOCKED_NTF: An owner was blocked for longer than
 *	"away-threshold" while others waited, and runs again, or the gil is
 *	another's. "blocked" is how long. To the group "events", with id, type,
 *	owner, blocked.
 */
enum kgil_cmd {
	KGIL_CMD_OBJECT_GET	= 1,
	KGIL_CMD_OWNER_DIED_NTF,
	KGIL_CMD_THREAD_GET,
	KGIL_CMD_OBJECT_SET,
	KGIL_CMD_CREATED_NTF,
	KGIL_CMD_DESTROYED_NTF,
	KGIL_CMD_CHANGED_NTF,
	KGIL_CMD_LONG_WAIT_NTF,
	KGIL_CMD_DEADLOCK_NTF,
	KGIL_CMD_OWNER_BLOCKED_NTF,

	__KGIL_CMD_MAX,
#define KGIL_CMD_MAX (__KGIL_CMD_MAX - 1)
};

/**
 * enum kgil_object_attr - attributes of object
 * @KGIL_A_OBJECT_PAD: padding of 64-bit attributes
 * @KGIL_A_OBJECT_ID: u64. Number of the object, never used again.
 * @KGIL_A_OBJECT_TYPE: u32, type
 * @KGIL_A_OBJECT_FLAGS: u32, state bits
 * @KGIL_A_OBJECT_OWNER: u64. Id of the owning thread; absent if there is
 *	none.
 * @KGIL_A_OBJECT_OWNER_PID: u32. In the reader's pid namespace; of a lock,
 *	who took it. Absent if there is none, if it has gone, or if the reader
 *	may not see it.
 * @KGIL_A_OBJECT_OWNER_TID: u32. Likewise.
 * @KGIL_A_OBJECT_OWNER_COMM: string. Name of the thread; likewise.
 * @KGIL_A_OBJECT_UID: u32. Who created it, in the user namespace of the
 *	socket.
 * @KGIL_A_OBJECT_DEPTH: u32. How often the owner holds it.
 * @KGIL_A_OBJECT_COUNT: u32. How many acquires would not block.
 * @KGIL_A_OBJECT_COUNT_MAX: u32. Greatest count; of an rlock, greatest
 *	depth.
 * @KGIL_A_OBJECT_WAITERS: u32. Threads that wait now.
 * @KGIL_A_OBJECT_POLICY: u32, policy. Only of a gil.
 * @KGIL_A_OBJECT_INTERVAL: u64. Switch interval in ns; only of a gil.
 * @KGIL_A_OBJECT_STATS: nest of enum kgil_stats_attr
 * @KGIL_A_OBJECT_HANDOFF: u64. How long a waiter can be passed over by
 *	threads that come later, in ns; not of a gil.
 * @KGIL_A_OBJECT_NAME: string. At most 63 bytes. Absent if it has none, or
 *	if the reader may not see it.
 * @KGIL_A_OBJECT_MODE: u32. Permission bits, as of a file; with a name
 *	only.
 * @KGIL_A_OBJECT_GID: u32. Group of who created it, in the user namespace
 *	of the socket; with a name only.
 * @KGIL_A_OBJECT_THRESHOLD: u64. How long a wait has to last to be
 *	reported, in ns; 0: none is. Not 1 to 999.
 * @KGIL_A_OBJECT_WAITING: u64. How long the thread that waits longest has
 *	waited, in ns; of an event, the wait that it tells of. Absent: nobody
 *	waits.
 * @KGIL_A_OBJECT_WAITER: u64. Id of the thread that has waited so long; of
 *	a gil or rlock.
 * @KGIL_A_OBJECT_TIMES: nest of enum kgil_times_attr
 * @KGIL_A_OBJECT_THREAD: u64. Id of the thread that an event is about.
 * @KGIL_A_OBJECT_AWAY_THRESHOLD: u64. How long an owner has to be blocked
 *	while others wait to be reported, in ns; 0: the absences of its owners
 *	are not measured. Not 1 to 999. Only of a gil.
 * @KGIL_A_OBJECT_AWAY: nest of enum kgil_away_attr. Only of a gil; absent
 *	if nobody has asked for it.
 * @KGIL_A_OBJECT_BLOCKED: u64. Of an event, how long the owner was blocked,
 *	in ns.
 *
 * An object, or what an event says of one.
 */
enum kgil_object_attr {
	KGIL_A_OBJECT_PAD	= 1,
	KGIL_A_OBJECT_ID,
	KGIL_A_OBJECT_TYPE,
	KGIL_A_OBJECT_FLAGS,
	KGIL_A_OBJECT_OWNER,
	KGIL_A_OBJECT_OWNER_PID,
	KGIL_A_OBJECT_OWNER_TID,
	KGIL_A_OBJECT_OWNER_COMM,
	KGIL_A_OBJECT_UID,
	KGIL_A_OBJECT_DEPTH,
	KGIL_A_OBJECT_COUNT,
	KGIL_A_OBJECT_COUNT_MAX,
	KGIL_A_OBJECT_WAITERS,
	KGIL_A_OBJECT_POLICY,
	KGIL_A_OBJECT_INTERVAL,
	KGIL_A_OBJECT_STATS,
	KGIL_A_OBJECT_HANDOFF,
	KGIL_A_OBJECT_NAME,
	KGIL_A_OBJECT_MODE,
	KGIL_A_OBJECT_GID,
	KGIL_A_OBJECT_THRESHOLD,
	KGIL_A_OBJECT_WAITING,
	KGIL_A_OBJECT_WAITER,
	KGIL_A_OBJECT_TIMES,
	KGIL_A_OBJECT_THREAD,
	KGIL_A_OBJECT_AWAY_THRESHOLD,
	KGIL_A_OBJECT_AWAY,
	KGIL_A_OBJECT_BLOCKED,

	__KGIL_A_OBJECT_MAX,
#define KGIL_A_OBJECT_MAX (__KGIL_A_OBJECT_MAX - 1)
};

/**
 * enum kgil_stats_attr - attributes of stats
 * @KGIL_A_STATS_PAD: padding of 64-bit attributes
 * @KGIL_A_STATS_ACQUISITIONS: u64. By the word and by calls.
 * @KGIL_A_STATS_CONTENTIONS: u64. Acquires that had to wait.
 * @KGIL_A_STATS_WAIT_TOTAL: u64. In ns, of waits that are over.
 * @KGIL_A_STATS_WAIT_MAX: u64. In ns.
 * @KGIL_A_STATS_HOLD_TOTAL: u64. In ns, of holds that are over; of one by
 *	the word, from when the first waiter came. 0 for a sem of maximum above
 *	1.
 * @KGIL_A_STATS_HOLD_MAX: u64. In ns.
 * @KGIL_A_STATS_SWITCHES: u64. Acquisitions by another owner than the one
 *	before.
 * @KGIL_A_STATS_YIELDS: u64
 * @KGIL_A_STATS_DROP_REQUESTS: u64
 * @KGIL_A_STATS_TIMEOUTS: u64. Waits ended by their deadline.
 * @KGIL_A_STATS_INTERRUPTS: u64. Waits ended by a signal.
 * @KGIL_A_STATS_OWNER_DEATHS: u64
 * @KGIL_A_STATS_DEADLOCKS: u64. Acquires refused because they would have
 *	closed a cycle of owners.
 * @KGIL_A_STATS_UNCHECKED: u64. Acquires that waited although the walk
 *	along the owners was too long.
 *
 * What happened to an object since it was created.
 */
enum kgil_stats_attr {
	KGIL_A_STATS_PAD	= 1,
	KGIL_A_STATS_ACQUISITIONS,
	KGIL_A_STATS_CONTENTIONS,
	KGIL_A_STATS_WAIT_TOTAL,
	KGIL_A_STATS_WAIT_MAX,
	KGIL_A_STATS_HOLD_TOTAL,
	KGIL_A_STATS_HOLD_MAX,
	KGIL_A_STATS_SWITCHES,
	KGIL_A_STATS_YIELDS,
	KGIL_A_STATS_DROP_REQUESTS,
	KGIL_A_STATS_TIMEOUTS,
	KGIL_A_STATS_INTERRUPTS,
	KGIL_A_STATS_OWNER_DEATHS,
	KGIL_A_STATS_DEADLOCKS,
	KGIL_A_STATS_UNCHECKED,

	__KGIL_A_STATS_MAX,
#define KGIL_A_STATS_MAX (__KGIL_A_STATS_MAX - 1)
};

/**
 * enum kgil_times_attr - attributes of times
 * @KGIL_A_TIMES_PAD: padding of 64-bit attributes
 * @KGIL_A_TIMES_WAITS: u64. Waits that are over.
 * @KGIL_A_TIMES_WAIT_MIN: u64. In ns.
 * @KGIL_A_TIMES_HOLDS: u64. Holds that are over and that the kernel saw
 *	begin and end.
 * @KGIL_A_TIMES_HOLD_MIN: u64. In ns.
 * @KGIL_A_TIMES_HEEDS: u64. Drop requests after which the owner let others
 *	have it.
 * @KGIL_A_TIMES_HEED_TOTAL: u64. In ns, from the request to that.
 * @KGIL_A_TIMES_HEED_MAX: u64. In ns.
 * @KGIL_A_TIMES_WAIT_HIST: array of u64. The buckets up to the last that is
 *	not 0, in the byte order of the machine; absent if all are.
 * @KGIL_A_TIMES_HOLD_HIST: array of u64. Likewise.
 *
 * How long an object was waited for and held, and how long its owners took
 * to drop it when they were asked to. Bucket b of a histogram has what
 * lasted at least 32 ns * 2^b (bucket 0: nothing) and less than twice that
 * (the last: no end).
 */
enum kgil_times_attr {
	KGIL_A_TIMES_PAD	= 1,
	KGIL_A_TIMES_WAITS,
	KGIL_A_TIMES_WAIT_MIN,
	KGIL_A_TIMES_HOLDS,
	KGIL_A_TIMES_HOLD_MIN,
	KGIL_A_TIMES_HEEDS,
	KGIL_A_TIMES_HEED_TOTAL,
	KGIL_A_TIMES_HEED_MAX,
	KGIL_A_TIMES_WAIT_HIST,
	KGIL_A_TIMES_HOLD_HIST,

	__KGIL_A_TIMES_MAX,
#define KGIL_A_TIMES_MAX (__KGIL_A_TIMES_MAX - 1)
};

/**
 * enum kgil_away_attr - attributes of away
 * @KGIL_A_AWAY_PAD: padding of 64-bit attributes
 * @KGIL_A_AWAY_BLOCKS: u64. Times an owner was blocked in the kernel.
 * @KGIL_A_AWAY_BLOCKED_TOTAL: u64. In ns, as far as somebody waited.
 * @KGIL_A_AWAY_BLOCKED_MAX: u64. In ns.
 * @KGIL_A_AWAY_PREEMPTIONS: u64. Times an owner could have run, but another
 *	thread had its processor.
 * @KGIL_A_AWAY_PREEMPTED_TOTAL: u64. In ns, as far as somebody waited.
 * @KGIL_A_AWAY_PREEMPTED_MAX: u64. In ns.
 * @KGIL_A_AWAY_MISSED: u64. Holds that were not followed, because too many
 *	threads were.
 *
 * How long the owners of a gil were away from the processor while others
 * waited; of absences that are over.
 */
enum kgil_away_attr {
	KGIL_A_AWAY_PAD	= 1,
	KGIL_A_AWAY_BLOCKS,
	KGIL_A_AWAY_BLOCKED_TOTAL,
	KGIL_A_AWAY_BLOCKED_MAX,
	KGIL_A_AWAY_PREEMPTIONS,
	KGIL_A_AWAY_PREEMPTED_TOTAL,
	KGIL_A_AWAY_PREEMPTED_MAX,
	KGIL_A_AWAY_MISSED,

	__KGIL_A_AWAY_MAX,
#define KGIL_A_AWAY_MAX (__KGIL_A_AWAY_MAX - 1)
};

/**
 * enum kgil_thread_attr - attributes of thread
 * @KGIL_A_THREAD_PAD: padding of 64-bit attributes
 * @KGIL_A_THREAD_OBJECT: u64. Number of the object.
 * @KGIL_A_THREAD_ID: u64. Number of the thread, never used again; absent of
 *	a sem or lock.
 * @KGIL_A_THREAD_STATE: u32, thread
 * @KGIL_A_THREAD_PID: u32. In the reader's pid namespace. Absent if it has
 *	none there, or if the reader may not see it.
 * @KGIL_A_THREAD_TID: u32. Likewise.
 * @KGIL_A_THREAD_COMM: string. Name of the thread; likewise.
 * @KGIL_A_THREAD_WAITED: u64. In ns, how long it has waited until now; of a
 *	waiter only.
 * @KGIL_A_THREAD_HELD: u64. In ns, how long it has held it until now;
 *	absent if it does not, or if that is unknown.
 * @KGIL_A_THREAD_STATS: nest of enum kgil_stats_attr. What the thread did
 *	by calls; of a gil or rlock. What was done by the word is only in the
 *	object's.
 * @KGIL_A_THREAD_TIMES: nest of enum kgil_times_attr. Likewise.
 *
 * A thread and an object. Of a sem or lock only who took the lock is shown,
 * and the first 64 waiters.
 */
enum kgil_thread_attr {
	KGIL_A_THREAD_PAD	= 1,
	KGIL_A_THREAD_OBJECT,
	KGIL_A_THREAD_ID,
	KGIL_A_THREAD_STATE,
	KGIL_A_THREAD_PID,
	KGIL_A_THREAD_TID,
	KGIL_A_THREAD_COMM,
	KGIL_A_THREAD_WAITED,
	KGIL_A_THREAD_HELD,
	KGIL_A_THREAD_STATS,
	KGIL_A_THREAD_TIMES,

	__KGIL_A_THREAD_MAX,
#define KGIL_A_THREAD_MAX (__KGIL_A_THREAD_MAX - 1)
};

#endif /* _UAPI_LINUX_KGIL_NETLINK_H */
