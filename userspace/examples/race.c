// SPDX-License-Identifier: GPL-2.0
/*
 * A race.  To increment a counter is to load, add and store it; what another
 * thread stores in between is lost.  With a lock around it, nothing is.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kgil.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define THREADS 4
static volatile long counter;
static long rounds;
static pthread_barrier_t start;

static void *increment(void *lock)
{
	pthread_barrier_wait(&start);
	for (long i = 0; i < rounds; i++) {
		if (lock && ioctl(*(int *)lock, KGIL_IOC_ACQUIRE, 0))
			err(1, "acquire");
		counter = counter + 1;
		if (lock && ioctl(*(int *)lock, KGIL_IOC_RELEASE, 0))
			err(1, "release");
	}
	return NULL;
}

static void run(const char *how, int *lock)
{
	pthread_t thread[THREADS];

	counter = 0;
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, increment, lock))
			errx(1, "cannot create a thread");
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	printf("%s a lock: %ld of %ld updates are lost\n", how, THREADS * rounds - counter,
	       THREADS * rounds);
}

int main(void)
{
	struct kgil_create create = { .type = KGIL_TYPE_LOCK };
	int device = open(KGIL_DEVICE, O_RDWR | O_CLOEXEC);
	int lock = device < 0 ? -1 : ioctl(device, KGIL_IOC_CREATE, &create);

	if (lock < 0)
		err(3, KGIL_DEVICE " (is kgil.ko loaded?)");
	pthread_barrier_init(&start, NULL, THREADS);
	rounds = 5000000;
	run("without", NULL);
	rounds = 50000;
	run("with", &lock);
	return counter != THREADS * rounds;
}
