// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation while the module is loaded fails once, in turn: it is not loaded
 * then, and leaves nothing behind that would be in the way of the next load.  TAP.
 *
 *   load_test kgil.ko
 */
#include <fcntl.h>
#include <sys/syscall.h>

#include "inject.h"
#include "kgil_test.h"

/* Below which function of the kernel a module's own code runs when it is loaded. */
#define LOADS "do_init_module"
#define NTH_MAX 2000

static int test_number, tests_failed;

static void verdict(bool good, const char *what)
{
	printf("%s %d load: %s\n", good ? "ok" : "not ok", ++test_number, what);
	tests_failed += !good;
}

static bool is_loaded(void)
{
	return !access("/dev/kgil", F_OK) || !access("/proc/kgil", F_OK) ||
	       !access("/sys/module/kgil", F_OK);
}

static int unload_once(void)
{
	return syscall(SYS_delete_module, "kgil", O_NONBLOCK);
}

/* The last descriptor of who has ended is closed a moment later. */
static bool unload(void)
{
	return WAIT_UNTIL(unload_once() == 0 || errno == ENOENT) && WAIT_UNTIL(!is_loaded());
}

static int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	CHECK(fd >= 0);
	err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return err;
}

/* This thread lives on when the module goes, which knows of it. */
static bool can_be_used(void)
{
	int fd = new_gil(0);
	bool good = fd >= 0 && acquire(fd) == 0 && release(fd) == 0;

	close(fd);
	return good;
}

/* Returns how many chances there were; -1: something was wrong. */
static int each_fault(const char *path)
{
	int nth, err, fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	bool injected;

	CHECK(fd >= 0);
	for (nth = 1; nth < NTH_MAX; nth++) {
		set_nth(fd, nth);
		err = load(path);
		injected = was_injected(fd);
		/* Not all of what failed was needed. */
		if ((err && (err != ENOMEM || !injected || is_loaded())) ||
		    (!err && (!can_be_used() || !unload()))) {
			printf("# chance %d: errno %d\n", nth, err);
			return -1;
		}
		if (!injected)
			break;
	}
	close(fd);
	return nth - 1;
}

int main(int argc, char **argv)
{
	int chances;

	if (argc != 2) {
		fprintf(stderr, "usage: load_test kgil.ko\n");
		return 2;
	}
	need_faults();
	printf("TAP version 13\n");
	verdict(only_below(LOADS), "the kernel's function " LOADS " is found");
	verdict(unload(), "the module is unloaded");
	chances = each_fault(argv[1]);
	printf("# %d chances to fail\n", chances);
	verdict(chances > 20 && chances < NTH_MAX - 1,
		"it fails with ENOMEM and leaves nothing, whatever allocation failed");
	verdict(load(argv[1]) == 0 && can_be_used(), "it can be loaded and used after that");
	printf("1..%d\n", test_number);
	return tests_failed ? 1 : 0;
}
