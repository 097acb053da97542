// SPDX-License-Identifier: GPL-2.0
/* Under a GIL one thread computes, until the kernel asks it, in a page, to let another. */
#include <err.h>
#include <fcntl.h>
#include <linux/kgil.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 4
#define CHECK(call) ((call) < 0 ? err(1, #call) : (void)0)

static int gil, running, overlaps;
static const volatile struct kgil_page *page;
static volatile int stop;

static void *compute(void *turns)
{
	CHECK(ioctl(gil, KGIL_IOC_ACQUIRE, 0));
	while (!stop) {
		if (__atomic_add_fetch(&running, 1, __ATOMIC_RELAXED) > 1)
			__atomic_add_fetch(&overlaps, 1, __ATOMIC_RELAXED);
		for (volatile long work = 0; !page->drop_request && !stop; work++)
			;
		++*(long *)turns;
		__atomic_sub_fetch(&running, 1, __ATOMIC_RELAXED);
		CHECK(ioctl(gil, KGIL_IOC_YIELD, 0));
	}
	CHECK(ioctl(gil, KGIL_IOC_RELEASE, 0));
	return NULL;
}

int main(void)
{
	struct kgil_create create = { .type = KGIL_TYPE_GIL };
	int device = open(KGIL_DEVICE, O_RDWR | O_CLOEXEC), idle = 0;
	long turns[THREADS] = { 0 };
	pthread_t thread[THREADS];

	if (device < 0)
		err(3, KGIL_DEVICE " (is kgil.ko loaded?)");
	CHECK(gil = ioctl(device, KGIL_IOC_CREATE, &create));
	page = mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, gil, 0);
	CHECK(page == MAP_FAILED ? -1 : 0);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, compute, &turns[i]))
			errx(1, "no thread to be had");
	sleep(1);
	stop = 1;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		printf("thread %d: %ld turns\n", i, turns[i]);
		idle += !turns[i];
	}
	printf("two ran at once: %d times\n", overlaps);
	return overlaps || idle;
}
