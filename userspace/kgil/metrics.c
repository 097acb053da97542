// SPDX-License-Identifier: GPL-2.0
/*
 * kgil metrics: all figures in Prometheus' text exposition format.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "err.h"
#include "net.h"
#include "opt.h"
#include "out.h"
#include "stats.h"
#include "times.h"

#define NSEC_PER_SEC 1e9

static const struct opt_spec spec = {
	.command = "metrics",
	.about = "Print the figures of all objects of this network namespace in Prometheus' text\n"
		 "format, for the textfile collector of node_exporter: write them to a file\n"
		 "beside it, and rename that.",
	.more = "Every object has the labels id and type, and name if it has one. Times are in\n"
		"seconds. Figures of an object end with the object.\n",
};

static const struct counter {
	enum kgil_stats_attr attr;
	const char *name;
	const char *help;
} counters[] = {
	{ KGIL_A_STATS_ACQUISITIONS, "acquisitions", "Times it was acquired" },
	{ KGIL_A_STATS_CONTENTIONS, "contentions", "Acquires that had to wait" },
	{ KGIL_A_STATS_SWITCHES, "switches", "Acquisitions by another thread than before" },
	{ KGIL_A_STATS_YIELDS, "yields", "Times a gil was yielded to a waiter" },
	{ KGIL_A_STATS_DROP_REQUESTS, "drop_requests", "Times an owner was asked to drop a gil" },
	{ KGIL_A_STATS_TIMEOUTS, "timeouts", "Waits that ended by their deadline" },
	{ KGIL_A_STATS_INTERRUPTS, "interrupts", "Waits that ended by a signal" },
	{ KGIL_A_STATS_OWNER_DEATHS, "owner_deaths", "Owners that died holding it" },
};

static void print_head(const char *name, const char *type, const char *help)
{
	printf("# HELP kgil_%s %s.\n# TYPE kgil_%s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line feed are escaped. */
static void print_escaped(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			putchar('\\');
		putchar(*text);
	}
}

/* Without the bracket that ends them. */
static void print_labels(const struct net_object *o)
{
	printf("{id=\"%llu\",type=\"%s\"", (unsigned long long)o->id, net_type_name(o->type).s);
	if (!net_has(o, KGIL_A_OBJECT_NAME))
		return;
	printf(",name=\"");
	print_escaped(o->name);
	putchar('"');
}

static void print_counter(const struct counter *counter, struct net_object *objects,
			  unsigned int n)
{
	char name[64];
	unsigned int i;

	snprintf(name, sizeof(name), "%s_total", counter->name);
	print_head(name, "counter", counter->help);
	for (i = 0; i < n; i++) {
		printf("kgil_%s", name);
		print_labels(&objects[i]);
		printf("} %llu\n",
		       (unsigned long long)*stats_field(&objects[i].stats, counter->attr));
	}
}

/* A bucket's metric counts all that lasted no longer than its end. */
static void print_hist(const char *name, const struct net_object *o, const __u64 *hist,
		       uint64_t total)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < KGIL_HIST_BUCKETS; i++) {
		sum += hist[i];
		printf("kgil_%s_bucket", name);
		print_labels(o);
		if (i < KGIL_HIST_BUCKETS - 1)
			printf(",le=\"%.12g\"} %llu\n", times_bucket_end(i) / NSEC_PER_SEC,
			       (unsigned long long)sum);
		else
			printf(",le=\"+Inf\"} %llu\n", (unsigned long long)sum);
	}
	printf("kgil_%s_sum", name);
	print_labels(o);
	printf("} %.12g\n", total / NSEC_PER_SEC);
	printf("kgil_%s_count", name);
	print_labels(o);
	printf("} %llu\n", (unsigned long long)sum);
}

static void print_hists(const struct net_object *objects, unsigned int n)
{
	unsigned int i;

	print_head("wait_seconds", "histogram", "Waits that are over");
	for (i = 0; i < n; i++)
		print_hist("wait_seconds", &objects[i], objects[i].times.wait,
			   objects[i].stats.wait_total_ns);
	print_head("hold_seconds", "histogram", "Holds that are over and were timed");
	for (i = 0; i < n; i++)
		print_hist("hold_seconds", &objects[i], objects[i].times.hold,
			   objects[i].stats.hold_total_ns);
}

static void print_gauges(const struct net_object *objects, unsigned int n)
{
	unsigned int i;

	print_head("objects", "gauge", "Objects that exist");
	printf("kgil_objects %u\n", n);
	print_head("waiters", "gauge", "Threads that wait now");
	for (i = 0; i < n; i++) {
		printf("kgil_waiters");
		print_labels(&objects[i]);
		printf("} %u\n", objects[i].waiters);
	}
	print_head("longest_wait_seconds", "gauge",
		   "How long the thread that waits longest has waited");
	for (i = 0; i < n; i++) {
		printf("kgil_longest_wait_seconds");
		print_labels(&objects[i]);
		printf("} %.12g\n", objects[i].waiting_ns / NSEC_PER_SEC);
	}
}

int cmd_metrics(int argc, char **argv)
{
	struct net_object *objects;
	struct net_client client;
	unsigned int n, i;
	int status;

	opt_parse(&spec, argc, argv);
	if (out_json)
		return err_usage("--json: the format is that of Prometheus; see: kgil ls --json");
	status = net_open(&client);
	if (status)
		return status;
	status = net_dump(&client, &objects, &n);
	net_close(&client);
	if (status)
		return status;
	print_gauges(objects, n);
	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		print_counter(&counters[i], objects, n);
	print_hists(objects, n);
	free(objects);
	return STATUS_OK;
}
