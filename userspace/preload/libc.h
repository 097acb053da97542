/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions of libc behind those of the preload.
 */
#ifndef KGIL_PRELOAD_LIBC_H
#define KGIL_PRELOAD_LIBC_H

#include <semaphore.h>
#include <time.h>

struct libc {
	int (*init)(sem_t *sem, int pshared, unsigned int value);
	int (*destroy)(sem_t *sem);
	int (*wait)(sem_t *sem);
	int (*trywait)(sem_t *sem);
	int (*timedwait)(sem_t *sem, const struct timespec *deadline);
	int (*clockwait)(sem_t *sem, clockid_t clock, const struct timespec *deadline);
	int (*post)(sem_t *sem);
	int (*getvalue)(sem_t *sem, int *value);
};

const struct libc *libc(void);

#endif /* KGIL_PRELOAD_LIBC_H */
