/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The futex calls, on memory that processes share. */
#ifndef KGIL_FALLBACK_FUTEX_H
#define KGIL_FALLBACK_FUTEX_H

#include <stdint.h>

/* No deadline. */
#define FUTEX_FOREVER UINT64_MAX

/* CLOCK_MONOTONIC in ns. */
uint64_t futex_clock(void);

/*
 * Sleep while *@word is @seen, until somebody wakes it, a signal comes or
 * @deadline_ns of CLOCK_MONOTONIC passes.  Return: 0; EAGAIN it is not @seen;
 * EINTR; ETIMEDOUT.  All may come without a reason, too.
 */
int futex_sleep(uint32_t *word, uint32_t seen, uint64_t deadline_ns);
void futex_wake(uint32_t *word);

/*
 * A lock that holds the thread id @tid, and whose owner's death the kernel tells.
 * Return: 0; EOWNERDEAD locked, and the last owner died with it; another error:
 * not locked.
 */
int futex_lock(uint32_t *lock, uint32_t tid);
void futex_unlock(uint32_t *lock, uint32_t tid);

#endif /* KGIL_FALLBACK_FUTEX_H */
