// SPDX-License-Identifier: GPL-2.0
/* What a lock promises, call by call; then the semaphore that it is made of. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kgil.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>

static int lock, sem;

/* Make a call: its error, and the count that it leaves, must be the promised ones. */
static void call(const char *what, int fd, unsigned long command, int error, unsigned int count)
{
	struct kgil_state state;
	int got = ioctl(fd, command, 0) ? errno : 0;
	const char *answer = got == EAGAIN ? "False" : "error";

	if (ioctl(fd, KGIL_IOC_STATE, &state) || got != error || state.count != count)
		errx(1, "%s: error %d, not %d, or count not %u", what, got, error, count);
	printf("%-40s %s, count %u\n", what, !got ? "True" : answer, count);
}

static void *taker(void *unused)
{
	call("acquire(True), in a thread that waited", lock, KGIL_IOC_ACQUIRE, 0, 0);
	return unused;
}

int main(void)
{
	/* A thread that waits gets it at once: nobody else can take it before. */
	struct kgil_create a_lock = { .type = KGIL_TYPE_LOCK,
				      .handoff_ns = KGIL_HANDOFF_AT_ONCE };
	struct kgil_create a_sem = { .type = KGIL_TYPE_SEM, .count = 1, .max = 1 };
	int device = open(KGIL_DEVICE, O_RDWR | O_CLOEXEC);
	struct kgil_state state = { 0 };
	pthread_t thread;

	if (device < 0)
		err(3, KGIL_DEVICE " (is kgil.ko loaded?)");
	lock = ioctl(device, KGIL_IOC_CREATE, &a_lock);
	sem = ioctl(device, KGIL_IOC_CREATE, &a_sem);
	call("acquire(True) of a free lock", lock, KGIL_IOC_ACQUIRE, 0, 0);
	call("acquire(False) of a taken lock", lock, KGIL_IOC_TRY_ACQUIRE, EAGAIN, 0);
	if (pthread_create(&thread, NULL, taker, NULL))
		errx(1, "cannot create a thread");
	while (!ioctl(lock, KGIL_IOC_STATE, &state) && !state.waiters)
		;
	call("release() while that thread waits", lock, KGIL_IOC_RELEASE, 0, 0);
	pthread_join(thread, NULL);
	call("release() by another than the taker", lock, KGIL_IOC_RELEASE, 0, 1);
	call("release() of a free lock", lock, KGIL_IOC_RELEASE, EPERM, 1);
	call("semaphore of count 1: acquire", sem, KGIL_IOC_ACQUIRE, 0, 0);
	call("semaphore of count 0: release", sem, KGIL_IOC_RELEASE, 0, 1);
	call("semaphore of maximum 1: release", sem, KGIL_IOC_RELEASE, EOVERFLOW, 1);
	return 0;
}
