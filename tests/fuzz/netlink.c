// SPDX-License-Identifier: GPL-2.0
/* Raw netlink messages to the module's family, well formed or not. */
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "fuzz.h"

#define MESSAGE_SIZE 8192
#define REQUEST_SIZE 512

__u16 find_family(void)
{
	struct {
		struct nlmsghdr header;
		struct genlmsghdr genl;
		struct nlattr attr;
		char name[8];
	} request = { .header = { .nlmsg_len = sizeof(request) - 3,
				  .nlmsg_type = GENL_ID_CTRL,
				  .nlmsg_flags = NLM_F_REQUEST },
		      .genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		      .attr = { .nla_len = NLA_HDRLEN + sizeof(KGIL_GENL_NAME),
				.nla_type = CTRL_ATTR_FAMILY_NAME },
		      .name = KGIL_GENL_NAME };
	char answer[MESSAGE_SIZE];
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	ssize_t size, at;

	CHECK(sock >= 0 && send(sock, &request, request.header.nlmsg_len, 0) > 0);
	size = recv(sock, answer, sizeof(answer), 0);
	close(sock);
	for (at = NLMSG_LENGTH(GENL_HDRLEN); at + NLA_HDRLEN < size;) {
		struct nlattr *attr = (struct nlattr *)(answer + at);

		if (attr->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(__u16 *)(attr + 1);
		at += NLA_ALIGN(attr->nla_len);
	}
	FATAL("no netlink family kgil");
}

static long new_socket(struct fuzzer *worker, const struct call *call)
{
	static const int options[] = { NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK,
				       NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP,
				       NETLINK_LISTEN_ALL_NSID };
	int value = call->x % 4 ? 1 : call->x % 64;

	/* In the middle of a dump, perhaps. */
	if (worker->netlink >= 0 && call->how % 2) {
		close(worker->netlink);
		worker->netlink = -1;
	}
	if (worker->netlink < 0)
		worker->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
					 NETLINK_GENERIC);
	if (worker->netlink < 0)
		return -errno;
	return setsockopt(worker->netlink, SOL_NETLINK, options[call->more % 6], &value,
			  sizeof(value)) ?
		       -errno :
		       0;
}

/* An attribute at @at, of those that @choice chooses; returns its whole size. */
static size_t put_attribute(char *at, size_t room, __u64 choice)
{
	struct nlattr *attr = (struct nlattr *)at;
	size_t size = (choice >> 8) % 4 ? 8 : (choice >> 10) % 32;
	__u64 value = value_of_choice(choice >> 16);

	if (NLA_ALIGN(NLA_HDRLEN + size) > room)
		return 0;
	memset(at, 'a', NLA_ALIGN(NLA_HDRLEN + size));
	attr->nla_type = choice % 8 ? KGIL_A_OBJECT_ID + choice % 3 - 1 : choice & 0xffff;
	if (choice & 0x80)
		attr->nla_type = choice >> 3 & 0x1f;
	attr->nla_len = NLA_HDRLEN + size;
	/* Small ids are those of objects that there are, or were. */
	if ((choice >> 60) % 4)
		value = 1 + value % 256;
	memcpy(attr + 1, &value, size < 8 ? size : 8);
	if ((choice >> 56) % 16 == 0)
		attr->nla_len = choice >> 40;
	return NLA_ALIGN(NLA_HDRLEN + size);
}

static long send_request(struct fuzzer *worker, const struct call *call)
{
	char request[REQUEST_SIZE] = {};
	struct nlmsghdr *header = (struct nlmsghdr *)request;
	struct genlmsghdr *genl = NLMSG_DATA(header);
	size_t size = NLMSG_LENGTH(GENL_HDRLEN);
	int attributes = call->how % 3;

	header->nlmsg_type = arena->family;
	header->nlmsg_flags = NLM_F_REQUEST;
	if (call->x & 1)
		header->nlmsg_flags |= NLM_F_DUMP;
	if (call->x & 2)
		header->nlmsg_flags |= NLM_F_ACK;
	if ((call->x & 0x3c) == 0)
		header->nlmsg_flags = call->x >> 8;
	header->nlmsg_seq = call->y;
	genl->cmd = call->more % 4 ? 1 + call->more / 4 % 12 : call->more;
	genl->version = call->more % 16 ? KGIL_GENL_VERSION : call->x >> 16;
	while (attributes--)
		size += put_attribute(request + size, sizeof(request) - size,
				      call->y << 7 * attributes ^ call->x);
	header->nlmsg_len = size;
	if ((call->x >> 24) % 32 == 0)
		header->nlmsg_len = call->x >> 32 & 0x3ff;
	return send(worker->netlink, request, size, 0) < 0 ? -errno : 0;
}

/* All errors that are known are no faults; the answers are only read. */
static long receive(struct fuzzer *worker, const struct call *call)
{
	char answer[MESSAGE_SIZE];
	size_t room = call->how % 8 ? sizeof(answer) : call->x % 256;
	struct nlmsghdr *header = (struct nlmsghdr *)answer;
	ssize_t size = recv(worker->netlink, answer, room, 0);

	if (size < 0)
		return -errno;
	if (size >= (ssize_t)NLMSG_LENGTH(sizeof(int)) && header->nlmsg_type == NLMSG_ERROR)
		return *(int *)NLMSG_DATA(header);
	return size ? 1 : 0;
}

long run_netlink(struct fuzzer *worker, const struct call *call)
{
	if (call->op == OP_NETLINK_SOCKET || worker->netlink < 0)
		return new_socket(worker, call);
	return call->op == OP_NETLINK_SEND ? send_request(worker, call) : receive(worker, call);
}
