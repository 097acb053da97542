/* SPDX-License-Identifier: GPL-2.0 */
/* How long something lasted, each time: sum, extremes, histogram. */
#ifndef _KGIL_SPANS_H
#define _KGIL_SPANS_H

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include <linux/kgil.h>

/*
 * 1: holds and waits are not added up; 2: nor is the clock read at the end of a hold that
 * nobody waited for.  See scripts/instrument-cost.
 */
#ifndef KGIL_BARE
#define KGIL_BARE	0
#endif

/* Bucket 1 begins with this bit. */
#define KGIL_HIST_SHIFT	6

/**
 * struct kgil_spans - times that are added up; zeroed: none yet
 * @total: their sum, ns
 * @min: the least
 * @range: the greatest less the least, so that one comparison tells whether
 *	another one changes either
 * @touched: bit for each bucket of @hist that is not 0
 * @hist: see KGIL_HIST_BUCKETS
 *
 * How many there are is the sum of the histogram.
 */
struct kgil_spans {
	u64 total;
	u64 min;
	u64 range;
	unsigned long touched;
	u64 hist[KGIL_HIST_BUCKETS];
};

void kgil_spans_widen(struct kgil_spans *spans, u64 ns);
void kgil_spans_merge(struct kgil_spans *into, const struct kgil_spans *from);
void kgil_spans_clear(struct kgil_spans *spans);
u64 kgil_spans_number(const struct kgil_spans *spans);

static inline u64 kgil_spans_max(const struct kgil_spans *spans)
{
	return spans->min + spans->range;
}

static __always_inline void kgil_spans_add(struct kgil_spans *spans, u64 ns)
{
	unsigned long bucket;

	if (KGIL_BARE)
		return;
	/* The bit below it is the greatest of bucket 0, too. */
	bucket = min(__fls(ns | BIT(KGIL_HIST_SHIFT - 1)) -
		     (KGIL_HIST_SHIFT - 1), KGIL_HIST_BUCKETS - 1UL);
	if (unlikely(ns - spans->min > spans->range))
		kgil_spans_widen(spans, ns);
	spans->total += ns;
	/* The first in its bucket; all others need no more than this. */
	if (unlikely(!spans->hist[bucket]++))
		spans->touched |= BIT(bucket);
}

#endif /* _KGIL_SPANS_H */
