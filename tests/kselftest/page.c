// SPDX-License-Identifier: GPL-2.0
/* The page: who may see it, who may write it, and what a gil's shows. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

static long page_size;

static const struct kgil_page *map(int fd)
{
	void *page = mmap(NULL, page_size, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(page != MAP_FAILED);
	return page;
}

/* The errno of a mapping that fails. */
static int map_error(int fd, size_t size, int prot, int flags, off_t offset)
{
	void *page = mmap(NULL, size, prot, flags, fd, offset);

	if (page == MAP_FAILED)
		return errno;
	munmap(page, size);
	return 0;
}

static __u64 owner_of(const struct kgil_page *page)
{
	return __atomic_load_n(&page->word, __ATOMIC_ACQUIRE) & KGIL_WORD_VALUE;
}

/* As the state has it at the same time, while nothing happens. */
static bool page_is_state(const struct kgil_page *page, int fd)
{
	struct kgil_state state = state_of(fd);
	const char *rest = (const char *)(page + 1);
	size_t i;

	for (i = 0; i < page_size - sizeof(*page); i++)
		if (rest[i])
			return false;
	return owner_of(page) == state.owner && page->depth == 0 &&
	       !page->drop_request == !(state.flags & KGIL_STATE_DROP_REQUEST);
}

FIXTURE(page) {
	int fd;
	const struct kgil_page *page;
};

FIXTURE_SETUP(page)
{
	page_size = sysconf(_SC_PAGESIZE);
	self->fd = new_gil(0);
	self->page = map(self->fd);
}

FIXTURE_TEARDOWN(page)
{
	end_workers();
	close(self->fd);
}

KGIL_TEST(page, shows_owner)
{
	struct worker *worker = start_thread(self->fd);
	__u64 id;

	EXPECT_EQ(0, owner_of(self->page));
	EXPECT_TRUE(page_is_state(self->page, self->fd));
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(attach(self->fd), owner_of(self->page));
	EXPECT_TRUE(page_is_state(self->page, self->fd));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, owner_of(self->page));
	EXPECT_EQ(0, call(worker, op_attach, 0));
	id = worker->value;
	EXPECT_EQ(0, call(worker, op_try, 0));
	EXPECT_EQ(id, owner_of(self->page));
	EXPECT_TRUE(page_is_state(self->page, self->fd));
}

/* Handed over: from the one to the other, with nothing in between. */
KGIL_TEST(page, shows_successor)
{
	struct worker *worker = start_thread(self->fd);
	__u64 id;

	ASSERT_EQ(0, call(worker, op_attach, 0));
	id = worker->value;
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	ASSERT_EQ(0, release(self->fd));
	EXPECT_EQ(id, owner_of(self->page));
	EXPECT_EQ(0, result(worker));
}

KGIL_TEST(page, shows_death)
{
	struct worker *owner = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	EXPECT_NE(0, owner_of(self->page));
	kill_worker(owner);
	EXPECT_TRUE(WAIT_UNTIL(owner_of(self->page) == 0));
}

/* The first mapping may come when there is something to see already. */
KGIL_TEST(page, made_late)
{
	struct worker *waiter;
	int fd = new_gil(KGIL_INTERVAL_MIN);
	const struct kgil_page *page;

	waiter = start_thread(fd);
	ASSERT_EQ(0, acquire(fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	ASSERT_TRUE(WAIT_UNTIL(state_of(fd).flags & KGIL_STATE_DROP_REQUEST));
	page = map(fd);
	EXPECT_EQ(attach(fd), owner_of(page));
	EXPECT_NE(0, page->drop_request);
	EXPECT_TRUE(page_is_state(page, fd));
	EXPECT_EQ(0, release(fd));
	EXPECT_EQ(0, result(waiter));
	close(fd);
}

KGIL_TEST(page, several_mappings)
{
	const struct kgil_page *again = map(self->fd);

	EXPECT_NE(again, self->page);
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(owner_of(self->page), owner_of(again));
	EXPECT_EQ(0, munmap((void *)again, page_size));
	EXPECT_EQ(attach(self->fd), owner_of(self->page));
}

KGIL_TEST(page, stays_read_only)
{
	EXPECT_EQ(-1, mprotect((void *)self->page, page_size, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect((void *)self->page, page_size, PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_TRUE(page_is_state(self->page, self->fd));
}

/* Made to write, it is writable, and stays so. */
KGIL_TEST(page, writable)
{
	struct kgil_page *page;

	EXPECT_EQ(0, map_error(self->fd, page_size, PROT_WRITE, MAP_SHARED, 0));
	page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, page);
	EXPECT_TRUE(page_is_state(page, self->fd));
	page->acquisitions = 5;
	EXPECT_EQ(5, __atomic_load_n(&self->page->acquisitions, __ATOMIC_ACQUIRE));
	EXPECT_EQ(0, mprotect(page, page_size, PROT_READ));
	EXPECT_EQ(0, mprotect(page, page_size, PROT_READ | PROT_WRITE));
	page->acquisitions = 0;
	EXPECT_EQ(0, __atomic_load_n(&self->page->acquisitions, __ATOMIC_ACQUIRE));
}

/* Writable for one, read-only for another. */
KGIL_TEST(page, stays_read_only_beside_writable)
{
	ASSERT_EQ(0, map_error(self->fd, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, 0));
	EXPECT_EQ(-1, mprotect((void *)self->page, page_size, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
}

/* A copy would show the same for ever. */
KGIL_TEST(page, never_private)
{
	EXPECT_EQ(EINVAL, map_error(self->fd, page_size, PROT_READ, MAP_PRIVATE, 0));
	EXPECT_EQ(EINVAL, map_error(self->fd, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0));
}

KGIL_TEST(page, one_page_at_offset_0)
{
	EXPECT_EQ(EINVAL, map_error(self->fd, page_size, PROT_READ, MAP_SHARED, page_size));
	EXPECT_EQ(EINVAL, map_error(self->fd, 2 * page_size, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(EINVAL, map_error(self->fd, 2 * page_size, PROT_READ, MAP_SHARED, page_size));
	EXPECT_EQ(0, map_error(self->fd, page_size, PROT_READ, MAP_SHARED, 0));
	/* Less than a page is a page. */
	EXPECT_EQ(0, map_error(self->fd, sizeof(struct kgil_page), PROT_READ, MAP_SHARED, 0));
}

KGIL_TEST(page, never_grows)
{
	void *grown = mremap((void *)self->page, page_size, 2 * page_size, MREMAP_MAYMOVE);

	EXPECT_EQ(MAP_FAILED, grown);
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(page_is_state(self->page, self->fd));
}

KGIL_TEST(page, moves)
{
	const struct kgil_page *old = self->page;
	void *place = mmap(NULL, page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, place);
	self->page = mremap((void *)old, page_size, page_size, MREMAP_MAYMOVE | MREMAP_FIXED,
			    place);
	ASSERT_EQ(place, (void *)self->page);
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(attach(self->fd), owner_of(self->page));
}

KGIL_TEST(page, of_each_type)
{
	__u32 type;

	for (type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++) {
		int fd = new_object(type);
		struct kgil_state before = state_of(fd);
		const struct kgil_page *page = map(fd);

		EXPECT_EQ(type == KGIL_TYPE_SEM ? 1 : 0, page->word);
		EXPECT_EQ(0, map_error(fd, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, 0));
		EXPECT_EQ(EINVAL, map_error(fd, page_size, PROT_READ, MAP_PRIVATE, 0));
		EXPECT_EQ(EINVAL, map_error(fd, 2 * page_size, PROT_READ, MAP_SHARED, 0));
		EXPECT_EQ(0, munmap((void *)page, page_size));
		EXPECT_TRUE(state_is(fd, &before));
		close(fd);
	}
}

KGIL_TEST(page, not_of_the_device)
{
	int fd = open_device();

	EXPECT_EQ(ENODEV, map_error(fd, page_size, PROT_READ, MAP_SHARED, 0));
	close(fd);
}

/* A child of fork has no such page: reading there is an error. */
KGIL_TEST(page, not_inherited)
{
	pid_t child = fork_child();
	int status;

	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		owner_of(self->page);
		_exit(0);
	}
	status = reap(child);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
}

/* But it can map it anew. */
KGIL_TEST(page, mapped_by_child)
{
	pid_t child;

	ASSERT_EQ(0, acquire(self->fd));
	child = fork_child();
	if (child == 0) {
		const struct kgil_page *page = map(self->fd);

		CHECK(owner_of(page) && owner_of(page) != attach(self->fd));
		CHECK(page_is_state(page, self->fd));
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(child));
}

/* The mapping keeps the object, the last descriptor being closed. */
KGIL_TEST(page, outlives_descriptor)
{
	int fd = new_gil(0);
	const struct kgil_page *page = map(fd);
	__u64 id = state_of(fd).id, mine;

	ASSERT_EQ(0, acquire(fd));
	mine = attach(fd);
	close(fd);
	EXPECT_EQ(mine, owner_of(page));
	EXPECT_EQ(mine, proc_number(id, "owner"));
	EXPECT_EQ(0, munmap((void *)page, page_size));
	EXPECT_EQ(NULL, proc_field(id, "id"));
}

/* It goes on showing what others do, and dies with them. */
KGIL_TEST(page, shows_others_after_close)
{
	int fd = new_gil(0);
	const struct kgil_page *page = map(fd);
	struct worker *other = start_process(fd);

	close(fd);
	EXPECT_EQ(0, call(other, op_acquire, 0));
	EXPECT_NE(0, owner_of(page));
	EXPECT_EQ(0, call(other, op_release, 0));
	EXPECT_EQ(0, owner_of(page));
	EXPECT_EQ(0, call(other, op_acquire, 0));
	kill_worker(other);
	EXPECT_TRUE(WAIT_UNTIL(owner_of(page) == 0));
}

TEST_HARNESS_MAIN
