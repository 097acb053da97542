/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An object's word, used as the comment on struct kgil_page says: by a
 * compare-and-swap, with no library in between.
 */
#ifndef KGIL_WORD_H
#define KGIL_WORD_H

#include "kgil_test.h"

/* A writable mapping. */
struct kgil_page *map_word(int fd);
void unmap_word(struct kgil_page *page);

__u64 word_of(const struct kgil_page *page);
__u64 flags_of(const struct kgil_page *page);
__u64 value_of(const struct kgil_page *page);

/*
 * Take and give back without a call.  False: it can't be done so, and nothing
 * has changed but counters of a take that succeeded.  @id is the thread's, @max
 * the maximum of a sem.
 */
bool word_take(struct kgil_page *page, __u32 type, __u64 id);
bool word_give(struct kgil_page *page, __u32 type, __u64 id, __u32 max);

/* Once more, by the owner of an rlock, and back. */
void word_nest(struct kgil_page *page, __u64 id);
void word_unnest(struct kgil_page *page, __u64 id);

/*
 * One object as one thread uses it: by the word where that does, by a call where
 * not.  @fd's thread must have used using() itself.
 */
struct user {
	int fd;
	__u32 type;
	__u32 max;
	__u64 id;
	struct kgil_page *page;
};

struct user using(int fd);
int user_acquire(const struct user *user);
int user_release(const struct user *user);
/* All of it is there, nobody waits: the next may take it without a call. */
bool word_is_free(const struct user *user);
void done_using(struct user *user);

/* Worker operations.  A worker maps the object anew for each, and unmaps it. */
int op_word_take(int fd, __u64 *value);
int op_word_give(int fd, __u64 *value);
int op_thread_id(int fd, __u64 *id);

/*
 * Fixtures: as TYPE_FIXTURE(), and the calling thread uses the object.
 */
#define WORD_FIXTURE(fixture)                         \
	FIXTURE(fixture) {                            \
		int fd;                               \
		struct user user;                     \
	};                                            \
	FIXTURE_VARIANT(fixture) {                    \
		__u32 type;                           \
	};                                            \
	FIXTURE_SETUP(fixture)                        \
	{                                             \
		self->fd = new_object(variant->type); \
		self->user = using(self->fd);         \
	}                                             \
	FIXTURE_TEARDOWN(fixture)                     \
	{                                             \
		end_workers();                        \
		done_using(&self->user);              \
		close(self->fd);                      \
	}                                             \
	struct fixture##_needs_semicolon_

#define OWNED_WORD_FIXTURE(fixture) \
	WORD_FIXTURE(fixture);      \
	OWNED_VARIANTS(fixture)

#define EACH_WORD_FIXTURE(fixture) \
	WORD_FIXTURE(fixture);     \
	UNOWNED_VARIANTS(fixture); \
	OWNED_VARIANTS(fixture)

#endif /* KGIL_WORD_H */
