// SPDX-License-Identifier: GPL-2.0
/* What a hand does with the objects: take, hold, give back, and all around it. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "torture.h"

/* Of a broken test: one time of so many. */
#define BROKEN_ONE_IN 500

static void open_user(struct hand *hand, int object)
{
	struct user *user = &hand->users[object];

	user->fd = fcntl(world->objects[object].fd, F_DUPFD_CLOEXEC, 64);
	if (user->fd < 0)
		violation("%s: cannot be duplicated: errno %d", object_name(object), errno);
	user->type = world->objects[object].type;
	user->max = world->objects[object].units;
	user->id = has_owner(object) ? attach(user->fd) : thread_id(user->fd);
	user->page = NULL;
}

static void map_user(struct hand *hand, int object)
{
	struct user *user = &hand->users[object];

	if (user->page)
		unmap_word(user->page);
	user->page = map_word(user->fd);
	add_count(hand->slot, MAPS);
}

void open_users(struct hand *hand)
{
	int object;

	for (object = 0; object < OBJECTS; object++) {
		open_user(hand, object);
		if (!one_in(hand, 4))
			map_user(hand, object);
	}
}

void inherit_users(struct hand *hand, const struct hand *parent)
{
	int object;

	for (object = 0; object < OBJECTS; object++) {
		struct user *user = &hand->users[object];

		*user = parent->users[object];
		user->page = NULL;
		user->id = has_owner(object) ? attach(user->fd) : thread_id(user->fd);
		if (one_in(hand, 2))
			map_user(hand, object);
	}
}

void close_users(struct hand *hand)
{
	int object;

	for (object = 0; object < OBJECTS; object++) {
		if (hand->users[object].page)
			unmap_word(hand->users[object].page);
		close(hand->users[object].fd);
	}
}

/*
 * To take
 */
static int acquire_by_word(struct hand *hand, int object)
{
	const struct user *user = &hand->users[object];

	if (user->page && word_take(user->page, user->type, user->id)) {
		add_count(hand->slot, BY_WORD);
		return 0;
	}
	return acquire(user->fd);
}

static int acquire_for_a_while(struct hand *hand, int object)
{
	static const __u32 whiles_us[] = { 1, 20, 400, 8000, 100000 };
	__u64 deadline = now_ns() + below(hand, 1000 * whiles_us[below(hand, 5)]);
	int err;

	if (one_in(hand, 8))
		deadline = 0;
	err = acquire_until(hand->users[object].fd, deadline);
	if (err == ETIMEDOUT && now_ns() < deadline)
		violation("%s: timed out before its deadline", object_name(object));
	return err;
}

/* As an event loop does: when it looks free, try; another one may be faster. */
static int poll_and_try(struct hand *hand, int object)
{
	struct pollfd polled = { .fd = hand->users[object].fd, .events = POLLIN };
	int ready = poll(&polled, 1, below(hand, 20));

	if (ready < 0)
		return errno;
	add_count(hand->slot, POLLS);
	if (polled.revents & ~POLLIN)
		violation("%s: poll says %#x", object_name(object), polled.revents);
	return ready ? try_acquire(hand->users[object].fd) : EAGAIN;
}

static int acquire_one_way(struct hand *hand, int object, bool may_wait)
{
	__u32 way = below(hand, 16);

	if (way == 15)
		return poll_and_try(hand, object);
	if (way < 3 || !may_wait) {
		add_count(hand->slot, TRIES);
		return try_acquire(hand->users[object].fd);
	}
	if (way < 6)
		return acquire_for_a_while(hand, object);
	if (way < 9)
		return acquire(hand->users[object].fd);
	return acquire_by_word(hand, object);
}

/* It was not acquired. */
static void count_failure(struct hand *hand, int object, int err)
{
	switch (err) {
	case EAGAIN:
		return;
	case ETIMEDOUT:
		add_count(hand->slot, TIMEOUTS);
		return;
	case EINTR:
		add_count(hand->slot, INTERRUPTS);
		return;
	case EDEADLK:
		/* Who has nothing in hand is in nobody's way. */
		if (!hand->holds || !has_owner(object))
			break;
		add_count(hand->slot, DEADLOCKS);
		return;
	}
	violation("%s: slot %d: acquire: errno %d", object_name(object), hand->slot, err);
}

static int wait_watched(struct hand *hand, int object, bool may_wait)
{
	struct slot *slot = &world->slots[hand->slot];
	int err;

	if (world->options.broken == SKIP && one_in(hand, BROKEN_ONE_IN))
		return 0;
	atomic_store(&slot->waits_for, object);
	atomic_store(&slot->since, now_ns());
	err = acquire_one_way(hand, object, may_wait);
	atomic_store(&slot->since, 0);
	return err;
}

/*
 * To wait for @object with others in hand is safe in one order, or in any if all
 * have owners: then the kernel refuses what would be a deadlock.
 */
static bool may_wait_for(const struct hand *hand, int object)
{
	bool ordered = true, owned = has_owner(object);
	int i;

	for (i = 0; i < hand->holds; i++) {
		ordered = ordered && hand->held[i] <= object;
		owned = owned && has_owner(hand->held[i]);
	}
	return ordered || owned;
}

static bool holds(const struct hand *hand, int object)
{
	int i;

	for (i = 0; i < hand->holds; i++)
		if (hand->held[i] == object)
			return true;
	return false;
}

static bool taken(struct hand *hand, int object, int err)
{
	if (err && err != EOWNERDEAD) {
		set_phase(hand, object, IDLE);
		count_failure(hand, object, err);
		return false;
	}
	add_count(hand->slot, ACQUIRES);
	if (err)
		add_count(hand->slot, HEIRS);
	enter_hold(hand, object, err);
	return true;
}

bool take(struct hand *hand, int object)
{
	if (holds(hand, object) || (hand->owned_only && !has_owner(object)))
		return false;
	if (!begin_taking(hand, object))
		return false;
	return taken(hand, object, wait_watched(hand, object, may_wait_for(hand, object)));
}

/*
 * To give back: the last that was taken
 */
void give(struct hand *hand, int object)
{
	const struct user *user = &hand->users[object];
	int err = 0;

	leave_hold(hand, object);
	if (world->options.broken == FORGET && one_in(hand, BROKEN_ONE_IN))
		err = 0;
	else if (!user->page || one_in(hand, 4) ||
		 !word_give(user->page, user->type, user->id, user->max))
		err = release(user->fd);
	if (err)
		violation("%s: slot %d: release: errno %d", object_name(object), hand->slot, err);
	set_phase(hand, object, IDLE);
}

/*
 * To hold
 */
static void refused(struct hand *hand, int object, const char *what, int err, int expected)
{
	if (err != expected)
		violation("%s: slot %d: %s: errno %d instead of %d", object_name(object),
			  hand->slot, what, err, expected);
	add_count(hand->slot, REFUSED);
}

/* Gives it up and takes it again in one call. */
static bool yield_once(struct hand *hand, int object)
{
	struct slot *slot = &world->slots[hand->slot];
	int err;

	leave_hold(hand, object);
	set_phase(hand, object, TAKING);
	atomic_store(&slot->waits_for, object);
	atomic_store(&slot->since, now_ns());
	err = yield_gil(hand->users[object].fd);
	atomic_store(&slot->since, 0);
	add_count(hand->slot, YIELDS);
	return taken(hand, object, err);
}

/* Returns false if it has been lost. */
static bool hold_gil(struct hand *hand, int object)
{
	const struct kgil_page *page = hand->users[object].page;
	int fd = hand->users[object].fd;
	int turns = below(hand, 3);

	if (one_in(hand, 16))
		refused(hand, object, "acquire of one's own", acquire(fd), EDEADLK);
	if (one_in(hand, 16))
		refused(hand, object, "try of one's own", try_acquire(fd), EAGAIN);
	while (turns-- && may_wait_for(hand, object)) {
		int polls;

		for (polls = 0; page && polls < 300; polls++)
			if (__atomic_load_n(&page->drop_request, __ATOMIC_RELAXED))
				break;
		if (!yield_once(hand, object))
			return false;
	}
	return true;
}

static void nest(struct hand *hand, int object)
{
	const struct user *user = &hand->users[object];

	if (user->page && one_in(hand, 2))
		word_nest(user->page, user->id);
	else if (acquire(user->fd))
		violation("%s: slot %d cannot nest", object_name(object), hand->slot);
	add_count(hand->slot, NESTED);
}

static void unnest(struct hand *hand, int object)
{
	const struct user *user = &hand->users[object];

	if (user->page && one_in(hand, 2))
		word_unnest(user->page, user->id);
	else if (release(user->fd))
		violation("%s: slot %d cannot release what it nested", object_name(object),
			  hand->slot);
}

static void hold_rlock(struct hand *hand, int object)
{
	__u32 max = world->objects[object].max_depth;
	__u32 depth = 1, deepest = 1 + below(hand, max < 6 ? max : 6);

	for (; depth < deepest; depth++)
		nest(hand, object);
	if (depth == max)
		refused(hand, object, "acquire too deep", acquire(hand->users[object].fd),
			EOVERFLOW);
	for (; depth > 1; depth--)
		unnest(hand, object);
}

static void check_mine(struct hand *hand, int object)
{
	struct kgil_state state = state_of(hand->users[object].fd);

	if (!(state.flags & KGIL_STATE_MINE) || state.owner_tid != (__u32)gettid() ||
	    state.owner != hand->users[object].id)
		violation("%s: slot %d has it, and its state says thread %llu", object_name(object),
			  hand->slot, state.owner);
}

static void linger(struct hand *hand)
{
	__u64 until;

	switch (below(hand, 8)) {
	case 0:
		usleep(below(hand, 300));
		break;
	case 1:
		sched_yield();
		break;
	case 2:
		until = now_ns() + below(hand, 50000);
		while (now_ns() < until)
			;
		break;
	}
}

static void hold_one(struct hand *hand, int object);

/* Most want the same one for a while, so that they meet. */
static int any_object(struct hand *hand)
{
	return one_in(hand, 3) ? below(hand, OBJECTS) : atomic_load(&world->hot);
}

/* Another one while this is held. */
static void hold_more(struct hand *hand)
{
	int other = any_object(hand);

	if (hand->holds < 3 && take(hand, other))
		hold_one(hand, other);
}

static bool may_die_holding(const struct hand *hand, int object)
{
	return hand->holds == 1 && has_owner(object) && world->options.kills;
}

static bool is_thread(const struct hand *hand)
{
	return child_slot(hand->slot) > 0;
}

/* What ends in death, or in another program. */
static void risk_life(struct hand *hand, int object)
{
	if (!is_thread(hand)) {
		/* A child that owns nothing but this. */
		if (may_die_holding(hand, object) && one_in(hand, 8))
			exit_holding(hand);
		return;
	}
	/* A child may wait for what is in hand here, so it is not waited for here. */
	look_after_child(hand, false);
	if (hand->child)
		return;
	switch (below(hand, 4)) {
	case 0:
		fork_child_of(hand);
		break;
	case 1:
		if (may_die_holding(hand, object))
			exit_holding(hand);
		break;
	case 2:
		if (may_die_holding(hand, object) && one_in(hand, 4))
			exec_holding(hand, object, false);
		break;
	default:
		if (world->options.kills && hand->holds == 1 && one_in(hand, 4))
			exec_holding(hand, object, true);
	}
}

/* Ends with the object given back, or lost. */
static void hold_one(struct hand *hand, int object)
{
	__u32 type = world->objects[object].type;

	linger(hand);
	if (has_owner(object) && one_in(hand, 32))
		check_mine(hand, object);
	if (one_in(hand, 6))
		hold_more(hand);
	if (one_in(hand, 300))
		risk_life(hand, object);
	if (type == KGIL_TYPE_RLOCK && one_in(hand, 3))
		hold_rlock(hand, object);
	if (type == KGIL_TYPE_GIL && one_in(hand, 2) && !hold_gil(hand, object))
		return;
	give(hand, object);
}

/*
 * Around it
 */
static void change_settings(struct hand *hand)
{
	static const __u64 handoffs[] = { KGIL_HANDOFF_AT_ONCE, 20000, KGIL_HANDOFF_DEFAULT,
					  20000000 };
	static const __u64 intervals[] = { KGIL_INTERVAL_MIN, 100000, KGIL_INTERVAL_DEFAULT,
					   50000000 };
	int object = below(hand, OBJECTS);
	int fd = hand->users[object].fd, err;

	if (world->objects[object].type != KGIL_TYPE_GIL)
		err = set_handoff(fd, handoffs[below(hand, 4)]);
	else if (one_in(hand, 2))
		err = set_interval(fd, intervals[below(hand, 4)]);
	else
		err = set_policy(fd, below(hand, 3));
	if (err)
		violation("%s: setting: errno %d", object_name(object), err);
	add_count(hand->slot, SETTINGS);
}

/* What one doesn't have, one can't give. */
static void trespass(struct hand *hand)
{
	int object = below(hand, OBJECTS);

	if (world->options.broken == STEAL && !has_owner(object))
		release(hand->users[object].fd);
	if (!has_owner(object))
		return;
	refused(hand, object, "release by another", release(hand->users[object].fd), EPERM);
	if (world->objects[object].type == KGIL_TYPE_GIL)
		refused(hand, object, "yield by another", yield_gil(hand->users[object].fd), EPERM);
}

static void remap(struct hand *hand)
{
	int object = below(hand, OBJECTS);
	struct user *user = &hand->users[object];

	if (user->page && one_in(hand, 2)) {
		unmap_word(user->page);
		user->page = NULL;
	} else {
		map_user(hand, object);
	}
}

/* The mapping, if there is one, is kept. */
static void reopen(struct hand *hand)
{
	int object = below(hand, OBJECTS);
	struct user *user = &hand->users[object];

	close(user->fd);
	add_count(hand->slot, CLOSES);
	if (world->objects[object].name[0] && one_in(hand, 2)) {
		user->fd = open_named(world->objects[object].name, NULL);
		if (user->fd < 0)
			violation("%s: cannot be opened by its name: errno %d", object_name(object),
				  -user->fd);
		add_count(hand->slot, OPENS);
		return;
	}
	user->fd = fcntl(world->objects[object].fd, F_DUPFD_CLOEXEC, 64);
	if (user->fd < 0)
		violation("%s: cannot be duplicated: errno %d", object_name(object), errno);
}

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void post_descriptor(struct hand *hand)
{
	int object = below(hand, OBJECTS);
	union control control = {};
	struct iovec data = { .iov_base = &object, .iov_len = sizeof(object) };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &hand->users[object].fd, sizeof(int));
	/* The socket may be full. */
	if (sendmsg(world->post[0], &message, MSG_DONTWAIT) > 0)
		add_count(hand->slot, PASSED);
}

/* Somebody's descriptor takes the place of one's own. */
static void collect_descriptor(struct hand *hand)
{
	union control control = {};
	int object = -1;
	struct iovec data = { .iov_base = &object, .iov_len = sizeof(object) };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;

	if (recvmsg(world->post[1], &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return;
	header = CMSG_FIRSTHDR(&message);
	if (!header || object < 0 || object >= OBJECTS)
		violation("a message without a descriptor");
	close(hand->users[object].fd);
	memcpy(&hand->users[object].fd, CMSG_DATA(header), sizeof(int));
	if (state_of(hand->users[object].fd).id != world->objects[object].id)
		violation("%s: a descriptor of another object came", object_name(object));
}

void step(struct hand *hand)
{
	int object = any_object(hand);

	if (hand->child)
		look_after_child(hand, false);
	switch (below(hand, 256)) {
	case 0 ... 3:
		change_settings(hand);
		break;
	case 4 ... 9:
		trespass(hand);
		break;
	case 10 ... 11:
		remap(hand);
		break;
	case 12 ... 13:
		reopen(hand);
		break;
	case 14:
		post_descriptor(hand);
		break;
	case 15:
		collect_descriptor(hand);
		break;
	case 16:
		usleep(below(hand, 2000));
		break;
	default:
		if (take(hand, object))
			hold_one(hand, object);
	}
}
