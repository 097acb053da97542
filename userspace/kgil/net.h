/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family of the module: objects and events.
 */
#ifndef KGIL_CMD_NET_H
#define KGIL_CMD_NET_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kgil.h>

#include "out.h"

struct json_object;
struct nl_msg;
struct nl_sock;
struct nlattr;

#define NET_UNKNOWN_MAX 16

/**
 * struct net_unknown - an attribute that this program doesn't know
 * @type: its number
 * @len: bytes of its value
 * @value: the value if @len is 4 or 8
 */
struct net_unknown {
	unsigned int type;
	unsigned int len;
	uint64_t value;
};

/**
 * struct net_object - an object, or what an event says of one
 * @present: bit (1 << enum kgil_object_attr) for each attribute that came
 * @id: and all up to @blocked_ns: see enum kgil_object_attr
 * @stats: all 0 if absent
 * @times: likewise
 * @away: likewise, but without its threshold
 * @unknown: attributes that this program doesn't know
 * @n_unknown: how many
 */
struct net_object {
	uint32_t present;
	uint64_t id;
	uint32_t type;
	uint32_t flags;
	uint64_t owner;
	uint32_t owner_pid;
	uint32_t owner_tid;
	char owner_comm[17];
	uint32_t uid;
	uint32_t depth;
	uint32_t count;
	uint32_t max;
	uint32_t waiters;
	uint32_t policy;
	uint64_t interval_ns;
	uint64_t handoff_ns;
	uint32_t mode;
	uint32_t gid;
	char name[KGIL_NAME_SIZE];
	uint64_t thread;
	uint64_t threshold_ns;
	uint64_t waiting_ns;
	uint64_t waiter;
	uint64_t away_threshold_ns;
	uint64_t blocked_ns;
	struct kgil_stats stats;
	struct kgil_times times;
	struct kgil_away away;
	struct net_unknown unknown[NET_UNKNOWN_MAX];
	unsigned int n_unknown;
};

/**
 * struct net_client - a connection
 * @sock: the socket
 * @family: number of the family
 */
struct net_client {
	struct nl_sock *sock;
	int family;
};

/* Returns an exit status; nothing is open unless STATUS_OK. */
int net_open(struct net_client *client);
void net_close(struct net_client *client);

/* Print what @err, an error of libnl, means for @what; returns the status. */
int net_error(int err, const char *what);

/* All objects, sorted by id; free *@objects.  Returns an exit status. */
int net_dump(struct net_client *client, struct net_object **objects, unsigned int *n);
/* One object.  Returns an exit status. */
int net_get(struct net_client *client, uint64_t id, struct net_object *object);
/*
 * What is called so: by its number, which is *@id then, or by its name, *@id is 0.
 * Returns an exit status.
 */
int net_parse_operand(const char *text, uint64_t *id);
int net_get_operand(struct net_client *client, const char *text, uint64_t id,
		    struct net_object *object);
/* The one of this name.  Returns an exit status. */
int net_find(struct net_client *client, const char *name, struct net_object *object);
/*
 * Get the events from now on, those of objects that come and go by themselves.
 * Returns an exit status.
 */
int net_subscribe(struct net_client *client, bool events, bool objects);
/* Does @msg, which came after that, say that the module was unloaded? */
bool net_is_gone(const struct net_client *client, struct nl_msg *msg);

/* A name may hold anything: only what is safe on a terminal stays. */
void net_parse_text(char *text, size_t size, struct nlattr *attr);
/* Attributes as they came to an object. */
void net_parse(struct net_object *object, struct nlattr *head, int len);

bool net_has(const struct net_object *object, enum kgil_object_attr attr);

/* "gil"; "type 9" if there is no name for it. */
struct out_text net_type_name(uint32_t type);
struct out_text net_policy_name(uint32_t policy);
/*
 * Who is next: of a gil its policy; of others "fifo", or how long a waiter can be
 * passed over; "-" if unknown.
 */
struct out_text net_order_name(const struct net_object *object);
/* "free", "held", "owner died"; "2 of 5" for a sem. */
struct out_text net_state_name(const struct net_object *object);

/* Everything that came, by the names of the attributes. */
struct json_object *net_json(const struct net_object *object);

#endif /* KGIL_CMD_NET_H */
