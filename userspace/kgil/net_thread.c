// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "err.h"
#include "net.h"
#include "net_thread.h"
#include "out.h"
#include "stats.h"
#include "times.h"

/* How often a dump is repeated that a change interrupted. */
#define DUMP_TRIES 5

static void parse_u32(struct net_thread *thread, struct nlattr *attr)
{
	uint32_t value = nla_get_u32(attr);

	switch (nla_type(attr)) {
	case KGIL_A_THREAD_STATE:
		thread->state = value;
		break;
	case KGIL_A_THREAD_PID:
		thread->pid = value;
		break;
	case KGIL_A_THREAD_TID:
		thread->tid = value;
		break;
	}
}

static void parse_u64(struct net_thread *thread, struct nlattr *attr)
{
	uint64_t value = nla_get_u64(attr);

	switch (nla_type(attr)) {
	case KGIL_A_THREAD_OBJECT:
		thread->object = value;
		break;
	case KGIL_A_THREAD_ID:
		thread->id = value;
		break;
	case KGIL_A_THREAD_WAITED:
		thread->waited_ns = value;
		break;
	case KGIL_A_THREAD_HELD:
		thread->held_ns = value;
		break;
	}
}

static void parse_attr(struct net_thread *thread, struct nlattr *attr)
{
	switch (nla_type(attr)) {
	case KGIL_A_THREAD_COMM:
		net_parse_text(thread->comm, sizeof(thread->comm), attr);
		break;
	case KGIL_A_THREAD_STATS:
		stats_parse(&thread->stats, attr);
		break;
	case KGIL_A_THREAD_TIMES:
		times_parse(&thread->times, attr);
		break;
	default:
		if (nla_len(attr) == sizeof(uint32_t))
			parse_u32(thread, attr);
		else if (nla_len(attr) == sizeof(uint64_t))
			parse_u64(thread, attr);
	}
	if (nla_type(attr) < 32)
		thread->present |= 1U << nla_type(attr);
}

/**
 * struct answer - threads as they arrive
 * @threads: room for @room of them
 * @n: how many there are
 * @room: see @threads
 */
struct answer {
	struct net_thread *threads;
	unsigned int n;
	unsigned int room;
};

static int on_thread(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));
	struct answer *answer = arg;
	struct net_thread *grown;
	struct nlattr *attr;
	int left;

	if (answer->n == answer->room) {
		answer->room = answer->room ? 2 * answer->room : 16;
		grown = realloc(answer->threads, answer->room * sizeof(*grown));
		if (!grown) {
			err_print("out of memory");
			exit(STATUS_FAILED);
		}
		answer->threads = grown;
	}
	memset(&answer->threads[answer->n], 0, sizeof(*answer->threads));
	nla_for_each_attr(attr, genlmsg_attrdata(header, 0), genlmsg_attrlen(header, 0), left)
		parse_attr(&answer->threads[answer->n], attr);
	answer->n++;
	return NL_OK;
}

/* Returns an error of libnl. */
static int request(struct net_client *client, uint64_t object, struct answer *answer)
{
	struct nl_msg *msg = nlmsg_alloc();
	int err = -NLE_NOMEM;

	if (!msg)
		return err;
	nl_socket_modify_cb(client->sock, NL_CB_VALID, NL_CB_CUSTOM, on_thread, answer);
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, client->family, 0, NLM_F_DUMP,
			KGIL_CMD_THREAD_GET, KGIL_GENL_VERSION))
		err = object ? nla_put_u64(msg, KGIL_A_THREAD_OBJECT, object) : 0;
	if (!err) {
		err = nl_send_auto(client->sock, msg);
		if (err >= 0)
			err = nl_recvmsgs_default(client->sock);
	}
	nlmsg_free(msg);
	return err;
}

int net_threads(struct net_client *client, uint64_t object, struct net_thread **threads,
		unsigned int *n)
{
	struct answer answer = { NULL, 0, 0 };
	unsigned int tries = 0;
	int err;

	do {
		answer.n = 0;
		err = request(client, object, &answer);
	} while (err == -NLE_DUMP_INTR && ++tries < DUMP_TRIES);
	/* The object has gone meanwhile, and its threads with it. */
	if (err == -NLE_OBJ_NOTFOUND) {
		answer.n = 0;
		err = 0;
	}
	if (err < 0 && err != -NLE_DUMP_INTR) {
		free(answer.threads);
		return net_error(err, "list the threads");
	}
	*threads = answer.threads;
	*n = answer.n;
	return STATUS_OK;
}

const char *net_thread_state(const struct net_thread *thread)
{
	static const char *const names[] = {
		[KGIL_THREAD_OWNER] = "owner",
		[KGIL_THREAD_WAITER] = "waiter",
		[KGIL_THREAD_IDLE] = "idle",
	};

	if (thread->state < sizeof(names) / sizeof(names[0]) && names[thread->state])
		return names[thread->state];
	return "?";
}

struct json_object *net_thread_json(const struct net_thread *t)
{
	const struct {
		enum kgil_thread_attr attr;
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ KGIL_A_THREAD_ID, "id", t->id },
		{ KGIL_A_THREAD_PID, "pid", t->pid },
		{ KGIL_A_THREAD_TID, "tid", t->tid },
		{ KGIL_A_THREAD_WAITED, "waited_ns", t->waited_ns },
		{ KGIL_A_THREAD_HELD, "held_ns", t->held_ns },
	};
	struct json_object *json = json_object_new_object();
	unsigned int i;

	out_json_number(json, "object", t->object);
	json_object_object_add(json, "state", json_object_new_string(net_thread_state(t)));
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (net_thread_has(t, numbers[i].attr))
			out_json_number(json, numbers[i].name, numbers[i].value);
	if (net_thread_has(t, KGIL_A_THREAD_COMM))
		json_object_object_add(json, "comm", json_object_new_string(t->comm));
	if (net_thread_has(t, KGIL_A_THREAD_STATS))
		json_object_object_add(json, "stats", stats_json(&t->stats));
	if (net_thread_has(t, KGIL_A_THREAD_TIMES))
		json_object_object_add(json, "times", times_json(&t->times));
	return json;
}
