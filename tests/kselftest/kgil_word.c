// SPDX-License-Identifier: GPL-2.0
/* An object's word, used by a compare-and-swap; see kgil_word.h. */
#include <sys/mman.h>

#include "kgil_word.h"

/* What a sem's count may change under a compare-and-swap before it counts as lost. */
#define SEM_TRIES 64

struct kgil_page *map_word(int fd)
{
	void *page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(page != MAP_FAILED);
	return page;
}

void unmap_word(struct kgil_page *page)
{
	CHECK(munmap(page, sysconf(_SC_PAGESIZE)) == 0);
}

__u64 word_of(const struct kgil_page *page)
{
	return __atomic_load_n(&page->word, __ATOMIC_ACQUIRE);
}

__u64 flags_of(const struct kgil_page *page)
{
	return word_of(page) & KGIL_WORD_FLAGS;
}

__u64 value_of(const struct kgil_page *page)
{
	return word_of(page) & KGIL_WORD_VALUE;
}

static bool swap(struct kgil_page *page, __u64 from, __u64 to, int order)
{
	return __atomic_compare_exchange_n(&page->word, &from, to, false, order, __ATOMIC_RELAXED);
}

/* A load and a store: the object is held. */
static void add_one(__u64 *counter)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

static bool sem_take(struct kgil_page *page)
{
	int tries;

	for (tries = 0; tries < SEM_TRIES; tries++) {
		__u64 seen = word_of(page);

		if (seen & KGIL_WORD_FLAGS || !seen)
			return false;
		if (swap(page, seen, seen - 1, __ATOMIC_ACQUIRE)) {
			__atomic_add_fetch(&page->acquisitions, 1, __ATOMIC_RELAXED);
			return true;
		}
	}
	return false;
}

static bool sem_give(struct kgil_page *page, __u32 max)
{
	int tries;

	for (tries = 0; tries < SEM_TRIES; tries++) {
		__u64 seen = word_of(page);

		if (seen & KGIL_WORD_FLAGS || seen >= max)
			return false;
		if (swap(page, seen, seen + 1, __ATOMIC_RELEASE))
			return true;
	}
	return false;
}

static bool lock_give(struct kgil_page *page)
{
	__u64 seen = word_of(page);

	return !(seen & KGIL_WORD_FLAGS) && seen && swap(page, seen, 0, __ATOMIC_RELEASE);
}

static void note_owner(struct kgil_page *page, __u64 id)
{
	__u64 last = __atomic_load_n(&page->last, __ATOMIC_RELAXED);

	if (last == id)
		return;
	/* Nobody is nobody else. */
	if (last)
		add_one(&page->switches);
	__atomic_store_n(&page->last, id, __ATOMIC_RELAXED);
}

bool word_take(struct kgil_page *page, __u32 type, __u64 id)
{
	if (type == KGIL_TYPE_SEM)
		return sem_take(page);
	if (!swap(page, 0, id, __ATOMIC_ACQUIRE))
		return false;
	add_one(&page->acquisitions);
	if (type != KGIL_TYPE_LOCK)
		note_owner(page, id);
	if (type == KGIL_TYPE_RLOCK)
		__atomic_store_n(&page->depth, 1, __ATOMIC_RELAXED);
	return true;
}

bool word_give(struct kgil_page *page, __u32 type, __u64 id, __u32 max)
{
	if (type == KGIL_TYPE_SEM)
		return sem_give(page, max);
	if (type == KGIL_TYPE_LOCK)
		return lock_give(page);
	if (word_of(page) != id)
		return false;
	if (type == KGIL_TYPE_RLOCK)
		__atomic_store_n(&page->depth, 0, __ATOMIC_RELAXED);
	if (swap(page, id, 0, __ATOMIC_RELEASE))
		return true;
	if (type == KGIL_TYPE_RLOCK)
		__atomic_store_n(&page->depth, 1, __ATOMIC_RELAXED);
	return false;
}

void word_nest(struct kgil_page *page, __u64 id)
{
	CHECK(value_of(page) == id);
	__atomic_store_n(&page->depth, page->depth + 1, __ATOMIC_RELAXED);
}

void word_unnest(struct kgil_page *page, __u64 id)
{
	CHECK(value_of(page) == id && page->depth > 1);
	__atomic_store_n(&page->depth, page->depth - 1, __ATOMIC_RELAXED);
}

static bool has_owner(__u32 type)
{
	return type == KGIL_TYPE_GIL || type == KGIL_TYPE_RLOCK;
}

struct user using(int fd)
{
	struct kgil_state state = state_of(fd);

	return (struct user){
		.fd = fd,
		.type = state.type,
		.max = state.max,
		.id = has_owner(state.type) ? attach(fd) : thread_id(fd),
		.page = map_word(fd),
	};
}

int user_acquire(const struct user *user)
{
	return word_take(user->page, user->type, user->id) ? 0 : acquire(user->fd);
}

int user_release(const struct user *user)
{
	return word_give(user->page, user->type, user->id, user->max) ? 0 : release(user->fd);
}

bool word_is_free(const struct user *user)
{
	return word_of(user->page) == (user->type == KGIL_TYPE_SEM ? user->max : 0);
}

void done_using(struct user *user)
{
	unmap_word(user->page);
	user->page = NULL;
}

int op_word_take(int fd, __u64 *value)
{
	struct user user = using(fd);
	bool taken = word_take(user.page, user.type, user.id);

	(void)value;
	done_using(&user);
	return taken ? 0 : EBUSY;
}

int op_word_give(int fd, __u64 *value)
{
	struct user user = using(fd);
	bool given = word_give(user.page, user.type, user.id, user.max);

	(void)value;
	done_using(&user);
	return given ? 0 : EBUSY;
}

int op_thread_id(int fd, __u64 *id)
{
	*id = thread_id(fd);
	return 0;
}
