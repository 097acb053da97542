// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "away.h"
#include "err.h"
#include "net.h"
#include "opt.h"
#include "out.h"
#include "stats.h"
#include "times.h"

/* How often a dump is repeated that a change interrupted. */
#define DUMP_TRIES 5

int net_open(struct net_client *client)
{
	int err;

	client->sock = nl_socket_alloc();
	if (!client->sock)
		return err_failed("out of memory");
	err = genl_connect(client->sock);
	if (!err) {
		client->family = genl_ctrl_resolve(client->sock, KGIL_GENL_NAME);
		err = client->family < 0 ? client->family : 0;
	}
	if (!err)
		return STATUS_OK;
	net_close(client);
	return err == -NLE_OBJ_NOTFOUND ? err_no_module() : net_error(err, "netlink");
}

void net_close(struct net_client *client)
{
	nl_socket_free(client->sock);
	client->sock = NULL;
}

int net_error(int err, const char *what)
{
	/* EPROTONOSUPPORT: the module is just being unloaded. */
	if (err == -NLE_PROTO_MISMATCH)
		return err_no_module();
	return err_failed("%s: %s", what, nl_geterror(err));
}

bool net_has(const struct net_object *object, enum kgil_object_attr attr)
{
	return object->present & (1U << attr);
}

/* A name may hold anything: only what is safe on a terminal stays. */
static void clean_text(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void net_parse_text(char *text, size_t size, struct nlattr *attr)
{
	nla_strlcpy(text, attr, size);
	clean_text(text);
}

/* Where a u32 attribute goes; NULL: it is none, or unknown. */
static uint32_t *u32_field(struct net_object *object, int attr)
{
	switch (attr) {
	case KGIL_A_OBJECT_TYPE:
		return &object->type;
	case KGIL_A_OBJECT_FLAGS:
		return &object->flags;
	case KGIL_A_OBJECT_OWNER_PID:
		return &object->owner_pid;
	case KGIL_A_OBJECT_OWNER_TID:
		return &object->owner_tid;
	case KGIL_A_OBJECT_UID:
		return &object->uid;
	case KGIL_A_OBJECT_DEPTH:
		return &object->depth;
	case KGIL_A_OBJECT_COUNT:
		return &object->count;
	case KGIL_A_OBJECT_COUNT_MAX:
		return &object->max;
	case KGIL_A_OBJECT_WAITERS:
		return &object->waiters;
	case KGIL_A_OBJECT_POLICY:
		return &object->policy;
	case KGIL_A_OBJECT_MODE:
		return &object->mode;
	case KGIL_A_OBJECT_GID:
		return &object->gid;
	default:
		return NULL;
	}
}

static uint64_t *u64_field(struct net_object *object, int attr)
{
	switch (attr) {
	case KGIL_A_OBJECT_ID:
		return &object->id;
	case KGIL_A_OBJECT_OWNER:
		return &object->owner;
	case KGIL_A_OBJECT_INTERVAL:
		return &object->interval_ns;
	case KGIL_A_OBJECT_HANDOFF:
		return &object->handoff_ns;
	case KGIL_A_OBJECT_THREAD:
		return &object->thread;
	case KGIL_A_OBJECT_THRESHOLD:
		return &object->threshold_ns;
	case KGIL_A_OBJECT_WAITING:
		return &object->waiting_ns;
	case KGIL_A_OBJECT_WAITER:
		return &object->waiter;
	case KGIL_A_OBJECT_AWAY_THRESHOLD:
		return &object->away_threshold_ns;
	case KGIL_A_OBJECT_BLOCKED:
		return &object->blocked_ns;
	default:
		return NULL;
	}
}

static void parse_unknown(struct net_object *object, struct nlattr *attr)
{
	struct net_unknown *unknown;

	if (object->n_unknown == NET_UNKNOWN_MAX)
		return;
	unknown = &object->unknown[object->n_unknown++];
	unknown->type = nla_type(attr);
	unknown->len = nla_len(attr);
	if (unknown->len == sizeof(uint64_t))
		unknown->value = nla_get_u64(attr);
	else if (unknown->len == sizeof(uint32_t))
		unknown->value = nla_get_u32(attr);
}

static void parse_attr(struct net_object *object, struct nlattr *attr)
{
	int type = nla_type(attr), len = nla_len(attr);
	uint32_t *u32 = u32_field(object, type);
	uint64_t *u64 = u64_field(object, type);

	if (type == KGIL_A_OBJECT_PAD)
		return;
	if (u32 && len >= (int)sizeof(*u32))
		*u32 = nla_get_u32(attr);
	else if (u64 && len >= (int)sizeof(*u64))
		*u64 = nla_get_u64(attr);
	else if (type == KGIL_A_OBJECT_OWNER_COMM)
		net_parse_text(object->owner_comm, sizeof(object->owner_comm), attr);
	else if (type == KGIL_A_OBJECT_NAME)
		net_parse_text(object->name, sizeof(object->name), attr);
	else if (type == KGIL_A_OBJECT_STATS)
		stats_parse(&object->stats, attr);
	else if (type == KGIL_A_OBJECT_TIMES)
		times_parse(&object->times, attr);
	else if (type == KGIL_A_OBJECT_AWAY)
		away_parse(&object->away, attr);
	else
		type = -1;
	if (type < 0)
		parse_unknown(object, attr);
	else
		object->present |= 1U << type;
}

void net_parse(struct net_object *object, struct nlattr *head, int len)
{
	struct nlattr *attr;
	int left;

	memset(object, 0, sizeof(*object));
	nla_for_each_attr(attr, head, len, left)
		parse_attr(object, attr);
}

/**
 * struct answer - objects as they arrive
 * @objects: room for @room of them
 * @n: how many there are
 * @room: see @objects
 */
struct answer {
	struct net_object *objects;
	unsigned int n;
	unsigned int room;
};

static int on_object(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));
	struct answer *answer = arg;
	struct net_object *grown;

	if (answer->n == answer->room) {
		answer->room = answer->room ? 2 * answer->room : 64;
		grown = realloc(answer->objects, answer->room * sizeof(*grown));
		if (!grown) {
			err_print("out of memory");
			exit(STATUS_FAILED);
		}
		answer->objects = grown;
	}
	net_parse(&answer->objects[answer->n++], genlmsg_attrdata(header, 0),
		  genlmsg_attrlen(header, 0));
	return NL_OK;
}

/* Ask for objects; @id: the only one, or NULL: all.  Returns an error of libnl. */
static int request(struct net_client *client, const uint64_t *id, struct answer *answer)
{
	struct nl_msg *msg = nlmsg_alloc();
	int err = -NLE_NOMEM;

	if (!msg)
		return err;
	nl_socket_modify_cb(client->sock, NL_CB_VALID, NL_CB_CUSTOM, on_object, answer);
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, client->family, 0, id ? 0 : NLM_F_DUMP,
			KGIL_CMD_OBJECT_GET, KGIL_GENL_VERSION))
		err = id ? nla_put_u64(msg, KGIL_A_OBJECT_ID, *id) : 0;
	if (!err) {
		err = nl_send_auto(client->sock, msg);
		if (err >= 0)
			err = nl_recvmsgs_default(client->sock);
		/* After the answer, or the next request would take it for its own. */
		if (err >= 0 && id)
			err = nl_wait_for_ack(client->sock);
	}
	nlmsg_free(msg);
	return err;
}

static int by_id(const void *a, const void *b)
{
	const struct net_object *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

int net_dump(struct net_client *client, struct net_object **objects, unsigned int *n)
{
	struct answer answer = { NULL, 0, 0 };
	unsigned int tries = 0;
	int err;

	do {
		answer.n = 0;
		err = request(client, NULL, &answer);
	} while (err == -NLE_DUMP_INTR && ++tries < DUMP_TRIES);
	if (err < 0 && err != -NLE_DUMP_INTR) {
		free(answer.objects);
		/* The family isn't there any more. */
		return err == -NLE_OBJ_NOTFOUND ? err_no_module() :
						  net_error(err, "list the objects");
	}
	if (err < 0)
		err_print("objects came and went while they were listed: some may be missing");
	if (answer.n)
		qsort(answer.objects, answer.n, sizeof(*answer.objects), by_id);
	*objects = answer.objects;
	*n = answer.n;
	return STATUS_OK;
}

int net_get(struct net_client *client, uint64_t id, struct net_object *object)
{
	struct answer answer = { NULL, 0, 0 };
	int err = request(client, &id, &answer);

	if (err == -NLE_OBJ_NOTFOUND || (err >= 0 && !answer.n)) {
		free(answer.objects);
		return err_failed("object %llu does not exist; 'kgil ls' lists the objects",
				  (unsigned long long)id);
	}
	if (err < 0) {
		free(answer.objects);
		return net_error(err, "read the object");
	}
	*object = answer.objects[0];
	free(answer.objects);
	return STATUS_OK;
}

int net_find(struct net_client *client, const char *name, struct net_object *object)
{
	char *clean = out_strdup(name);
	struct net_object *objects;
	unsigned int n, i, found = 0;
	int status = net_dump(client, &objects, &n);

	if (status)
		return status;
	clean_text(clean);
	for (i = 0; i < n; i++) {
		if (strcmp(objects[i].name, clean) || !net_has(&objects[i], KGIL_A_OBJECT_NAME))
			continue;
		*object = objects[i];
		found++;
	}
	if (!found)
		status = err_failed("no object that you may see has the name '%s'; 'kgil ls' "
				    "lists the objects",
				    clean);
	else if (found > 1)
		status = err_failed("more than one name is shown as '%s': use the ID", clean);
	free(clean);
	free(objects);
	return status;
}

int net_parse_operand(const char *text, uint64_t *id)
{
	*id = 0;
	if (text[strspn(text, "0123456789")] || !opt_digits(text, 1, UINT64_MAX, id))
		return STATUS_OK;
	return err_usage("ID: '%s' is not a number from 1 to %llu", text,
			 (unsigned long long)UINT64_MAX);
}

int net_get_operand(struct net_client *client, const char *text, uint64_t id,
		    struct net_object *object)
{
	return id ? net_get(client, id, object) : net_find(client, text, object);
}

static int join(struct net_client *client, const char *family, const char *name)
{
	int group = genl_ctrl_resolve_grp(client->sock, family, name);

	return group < 0 ? group : nl_socket_add_membership(client->sock, group);
}

int net_subscribe(struct net_client *client, bool events, bool objects)
{
	/* Generic netlink itself tells which families come and go. */
	int err = join(client, "nlctrl", "notify");

	if (!err && events)
		err = join(client, KGIL_GENL_NAME, KGIL_GENL_MCGRP_EVENTS);
	if (!err && objects)
		err = join(client, KGIL_GENL_NAME, KGIL_GENL_MCGRP_OBJECTS);
	/* Events answer no request. */
	nl_socket_disable_seq_check(client->sock);
	if (!err)
		err = nl_socket_set_nonblocking(client->sock);
	return err ? net_error(err, "events") : STATUS_OK;
}

bool net_is_gone(const struct net_client *client, struct nl_msg *msg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct genlmsghdr *genl = nlmsg_data(header);
	struct nlattr *id;

	if (header->nlmsg_type != GENL_ID_CTRL || genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	id = nla_find(genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0), CTRL_ATTR_FAMILY_ID);
	return id && nla_len(id) >= (int)sizeof(uint16_t) && nla_get_u16(id) == client->family;
}
