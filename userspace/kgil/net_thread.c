// SPDX-License-Identifier: GPL-2.0
/*
 * The threads of all objects.
 */
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "err.h"
#include "net.h"

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

static uint32_t u32_of(struct nlattr *attr)
{
	return attr && nla_len(attr) >= (int)sizeof(uint32_t) ? nla_get_u32(attr) : 0;
}

static uint64_t u64_of(struct nlattr *attr)
{
	return attr && nla_len(attr) >= (int)sizeof(uint64_t) ? nla_get_u64(attr) : 0;
}

static void parse(struct net_thread *thread, struct nlattr *head, int len)
{
	struct nlattr *attrs[KGIL_A_THREAD_MAX + 1];

	memset(thread, 0, sizeof(*thread));
	if (nla_parse(attrs, KGIL_A_THREAD_MAX, head, len, NULL))
		return;
	thread->object = u64_of(attrs[KGIL_A_THREAD_OBJECT]);
	thread->id = u64_of(attrs[KGIL_A_THREAD_ID]);
	thread->state = u32_of(attrs[KGIL_A_THREAD_STATE]);
	thread->pid = u32_of(attrs[KGIL_A_THREAD_PID]);
	thread->tid = u32_of(attrs[KGIL_A_THREAD_TID]);
	thread->waited_ns = u64_of(attrs[KGIL_A_THREAD_WAITED]);
	if (attrs[KGIL_A_THREAD_COMM])
		net_parse_text(thread->comm, sizeof(thread->comm), attrs[KGIL_A_THREAD_COMM]);
}

static int on_thread(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));
	struct answer *answer = arg;
	struct net_thread *grown;

	if (answer->n == answer->room) {
		answer->room = answer->room ? 2 * answer->room : 64;
		grown = realloc(answer->threads, answer->room * sizeof(*grown));
		if (!grown) {
			err_print("out of memory");
			exit(STATUS_FAILED);
		}
		answer->threads = grown;
	}
	parse(&answer->threads[answer->n++], genlmsg_attrdata(header, 0),
	      genlmsg_attrlen(header, 0));
	return NL_OK;
}

int net_dump_threads(struct net_client *client, struct net_thread **threads, unsigned int *n)
{
	struct answer answer = { NULL, 0, 0 };
	int err;

	nl_socket_modify_cb(client->sock, NL_CB_VALID, NL_CB_CUSTOM, on_thread, &answer);
	err = genl_send_simple(client->sock, client->family, KGIL_CMD_THREAD_GET,
			       KGIL_GENL_VERSION, NLM_F_DUMP);
	if (err >= 0)
		err = nl_recvmsgs_default(client->sock);
	if (err < 0) {
		free(answer.threads);
		return net_error(err, "list the threads");
	}
	*threads = answer.threads;
	*n = answer.n;
	return STATUS_OK;
}
