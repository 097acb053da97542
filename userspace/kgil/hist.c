// SPDX-License-Identifier: GPL-2.0
#include <math.h>

#include "hist.h"

/*
 * Log-linear buckets: values below HIST_SUB have one each; above, the highest
 * bit chooses a group and the HIST_SUB_BITS bits below it the bucket in it.
 */
static unsigned int bucket_of(uint64_t value)
{
	unsigned int shift;

	if (value < HIST_SUB)
		return value;
	shift = 63 - __builtin_clzll(value) - HIST_SUB_BITS;
	return (shift + 1) * HIST_SUB + (unsigned int)(value >> shift) - HIST_SUB;
}

uint64_t hist_bucket_top(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < HIST_SUB)
		return bucket;
	shift = bucket / HIST_SUB - 1;
	return ((uint64_t)(bucket % HIST_SUB + HIST_SUB) << shift) + ((1ULL << shift) - 1);
}

void hist_add(struct hist *hist, uint64_t value)
{
	hist->n++;
	hist->sum += value;
	if (value > hist->max)
		hist->max = value;
	hist->bucket[bucket_of(value)]++;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	unsigned int i;

	into->n += from->n;
	into->sum += from->sum;
	if (from->max > into->max)
		into->max = from->max;
	for (i = 0; i < HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

uint64_t hist_percentile(const struct hist *hist, double part)
{
	uint64_t rank = ceil(part * hist->n), seen = 0, top;
	unsigned int i;

	if (!rank)
		rank = 1;
	for (i = 0; i < HIST_BUCKETS; i++) {
		seen += hist->bucket[i];
		if (hist->bucket[i] && seen >= rank) {
			top = hist_bucket_top(i);
			return top < hist->max ? top : hist->max;
		}
	}
	return hist->max;
}

double hist_mean(const struct hist *hist)
{
	return hist->n ? (double)hist->sum / hist->n : 0;
}

double hist_jain(const double *shares, unsigned int n)
{
	double sum = 0, squares = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		sum += shares[i];
		squares += shares[i] * shares[i];
	}
	return squares > 0 ? sum * sum / (n * squares) : 1;
}
