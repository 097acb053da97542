/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads and what they have to do with objects, by netlink.
 */
#ifndef KGIL_CMD_NET_THREAD_H
#define KGIL_CMD_NET_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kgil.h>

struct json_object;
struct net_client;

/**
 * struct net_thread - a thread and an object
 * @present: bit (1 << enum kgil_thread_attr) for each attribute that came
 * @object: and all up to @times: see enum kgil_thread_attr
 */
struct net_thread {
	uint32_t present;
	uint64_t object;
	uint64_t id;
	uint32_t state;
	uint32_t pid;
	uint32_t tid;
	char comm[17];
	uint64_t waited_ns;
	uint64_t held_ns;
	struct kgil_stats stats;
	struct kgil_times times;
};

static inline bool net_thread_has(const struct net_thread *thread, enum kgil_thread_attr attr)
{
	return thread->present & (1U << attr);
}

/*
 * The threads of an object; of all objects if @object is 0.  Free *@threads.
 * Returns an exit status.
 */
int net_threads(struct net_client *client, uint64_t object, struct net_thread **threads,
		unsigned int *n);

/* "owner", "waiter", "idle" */
const char *net_thread_state(const struct net_thread *thread);
struct json_object *net_thread_json(const struct net_thread *thread);

#endif /* KGIL_CMD_NET_THREAD_H */
