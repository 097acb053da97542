/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Histograms of times, for percentiles, and an index of fairness.
 */
#ifndef KGIL_CMD_HIST_H
#define KGIL_CMD_HIST_H

#include <stdint.h>

/* Each power of two is divided into this many buckets: an error of 3 % at most. */
#define HIST_SUB_BITS 5
#define HIST_SUB 32 /* 2 to the power of HIST_SUB_BITS */
#define HIST_BUCKETS ((64 - HIST_SUB_BITS + 1) * HIST_SUB)

/**
 * struct hist - how often each value was seen; all zero: empty
 * @n: number of values
 * @sum: their sum
 * @max: the greatest, exactly
 * @bucket: how many fell into each bucket
 */
struct hist {
	uint64_t n;
	uint64_t sum;
	uint64_t max;
	uint64_t bucket[HIST_BUCKETS];
};

void hist_add(struct hist *hist, uint64_t value);
void hist_merge(struct hist *into, const struct hist *from);

/* The value that @part (0.0 to 1.0) of all values don't exceed; 0 if empty. */
uint64_t hist_percentile(const struct hist *hist, double part);
/* The greatest value that falls into a bucket. */
uint64_t hist_bucket_top(unsigned int bucket);
double hist_mean(const struct hist *hist);

/*
 * Jain's fairness index of @n shares: 1.0 all are equal, 1/n one has it all.
 * 1.0 if all are 0.
 */
double hist_jain(const double *shares, unsigned int n);

#endif /* KGIL_CMD_HIST_H */
