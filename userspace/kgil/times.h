/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long something was waited for and held, as the kernel measured it: the
 * attributes, the percentiles of its histograms, and their names in JSON.
 */
#ifndef KGIL_CMD_TIMES_H
#define KGIL_CMD_TIMES_H

#include <stdint.h>

#include <linux/kgil.h>

struct json_object;
struct nlattr;

/* A nest of enum kgil_times_attr. */
void times_parse(struct kgil_times *times, struct nlattr *nest);

/* Where a bucket ends, in ns: what falls into it is less.  The last one has no end. */
uint64_t times_bucket_end(unsigned int bucket);

/*
 * The time that @part (0.0 to 1.0) of a histogram doesn't exceed, as far as its
 * buckets tell: at most twice too much, and at most @max.  0: it is empty.
 */
uint64_t times_percentile(const __u64 *hist, double part, uint64_t max);

/* @now less @before, of one object. */
void times_subtract(struct kgil_times *now, const struct kgil_times *before);

struct json_object *times_json(const struct kgil_times *times);

#endif /* KGIL_CMD_TIMES_H */
