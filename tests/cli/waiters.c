// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads wait for a gil, each in a function of its own: for the test of
 * kgil timeline --stacks, compiled with frame pointers.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/kgil.h>

/* Long enough that who records has seen the threads before they end. */
#define HOLD_US 300000

static int gil;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* A call of the kernel hides the function that makes it: libc has no frame there. */
static void take(void)
{
	if (ioctl(gil, KGIL_IOC_ACQUIRE, 0))
		die("acquire");
}

static void give(void)
{
	if (ioctl(gil, KGIL_IOC_RELEASE, 0))
		die("release");
}

static void alpha(void)
{
	take();
	usleep(HOLD_US);
	give();
}

static void beta(void)
{
	take();
	usleep(HOLD_US);
	give();
}

static void *waits_in_alpha(void *arg)
{
	prctl(PR_SET_NAME, "waits-a");
	alpha();
	return arg;
}

static void *waits_in_beta(void *arg)
{
	prctl(PR_SET_NAME, "waits;b");
	beta();
	return arg;
}

int main(void)
{
	struct kgil_create create = { .type = KGIL_TYPE_GIL, .policy = KGIL_POLICY_FIFO };
	int device = open("/dev/kgil", O_RDWR | O_CLOEXEC);
	pthread_t threads[2];

	if (device < 0)
		die("/dev/kgil");
	gil = ioctl(device, KGIL_IOC_CREATE, &create);
	if (gil < 0)
		die("create");
	take();
	if (pthread_create(&threads[0], NULL, waits_in_alpha, NULL) ||
	    pthread_create(&threads[1], NULL, waits_in_beta, NULL))
		die("thread");
	usleep(HOLD_US);
	give();
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}
