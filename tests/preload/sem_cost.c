// SPDX-License-Identifier: GPL-2.0
/*
 * What taking and giving back a semaphore costs that is free, in ns for the pair.
 * Run it with the library for LD_PRELOAD and without: sem_cost [PAIRS].
 *
 * "wait" is sem_wait() and sem_post(); "try" is sem_trywait() and sem_post(), as
 * Python acquires a lock that is free; "used" is "wait" after a thread had to wait
 * once.  An empty loop is taken off.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 5

static sem_t sem;

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void nothing(long n)
{
	for (long i = 0; i < n; i++)
		__asm__ volatile("" ::
					 : "memory");
}

static void waits(long n)
{
	for (long i = 0; i < n; i++) {
		sem_wait(&sem);
		sem_post(&sem);
	}
}

static void tries(long n)
{
	for (long i = 0; i < n; i++) {
		if (sem_trywait(&sem))
			abort();
		sem_post(&sem);
	}
}

/* The least of some rounds, for one turn of the loop. */
static double cost(void (*loop)(long n), long n)
{
	double least = 1e300, begin, took;

	for (int i = 0; i < ROUNDS; i++) {
		begin = now_ns();
		loop(n);
		took = now_ns() - begin;
		if (took < least)
			least = took;
	}
	return least / n;
}

static void *wait_once(void *arg)
{
	(void)arg;
	sem_wait(&sem);
	sem_post(&sem);
	return NULL;
}

static void contend(void)
{
	pthread_t thread;

	sem_wait(&sem);
	pthread_create(&thread, NULL, wait_once, NULL);
	usleep(100000);
	sem_post(&sem);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 100000;
	double empty, wait, try;

	if (n <= 0 || sem_init(&sem, 0, 1))
		return 2;
	empty = cost(nothing, n);
	wait = cost(waits, n) - empty;
	try = cost(tries, n) - empty;
	contend();
	printf("{\"wait\": %.2f, \"try\": %.2f, \"used\": %.2f}\n", wait, try,
	       cost(waits, n) - empty);
	return 0;
}
