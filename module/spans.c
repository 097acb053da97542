// SPDX-License-Identifier: GPL-2.0
/*
 * Times that are added up.  Plain data under the lock of whoever has it.
 */
#include <linux/string.h>

#include "spans.h"

/* @ns is less than the least or greater than the greatest. */
void kgil_spans_widen(struct kgil_spans *spans, u64 ns)
{
	u64 max = kgil_spans_max(spans);

	if (!spans->touched) {
		spans->min = ns;
		spans->range = 0;
		return;
	}
	spans->min = min(spans->min, ns);
	spans->range = max(max, ns) - spans->min;
}

/* Add all of @from; only the buckets that it has are looked at. */
void kgil_spans_merge(struct kgil_spans *into, const struct kgil_spans *from)
{
	unsigned int bucket;

	if (!from->touched)
		return;
	if (!into->touched) {
		into->min = from->min;
		into->range = from->range;
	} else {
		u64 max = max(kgil_spans_max(into), kgil_spans_max(from));

		into->min = min(into->min, from->min);
		into->range = max - into->min;
	}
	into->total += from->total;
	into->touched |= from->touched;
	for_each_set_bit(bucket, &from->touched, KGIL_HIST_BUCKETS)
		into->hist[bucket] += from->hist[bucket];
}

/* The same, of what is to be cleared. */
void kgil_spans_clear(struct kgil_spans *spans)
{
	unsigned int bucket;

	for_each_set_bit(bucket, &spans->touched, KGIL_HIST_BUCKETS)
		spans->hist[bucket] = 0;
	spans->total = 0;
	spans->min = 0;
	spans->range = 0;
	spans->touched = 0;
}

/* How many times there are. */
u64 kgil_spans_number(const struct kgil_spans *spans)
{
	unsigned int bucket;
	u64 number = 0;

	for_each_set_bit(bucket, &spans->touched, KGIL_HIST_BUCKETS)
		number += spans->hist[bucket];
	return number;
}
