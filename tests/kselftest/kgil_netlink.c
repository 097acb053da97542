// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <sys/socket.h>

#include "kgil_netlink.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

void begin(struct request *request, __u16 family, __u8 cmd, __u16 flags)
{
	memset(request, 0, sizeof(*request));
	request->head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	request->head.nlmsg_type = family;
	request->head.nlmsg_flags = NLM_F_REQUEST | flags;
	request->command.cmd = cmd;
	request->command.version = 1;
}

void add(struct request *request, __u16 type, const void *data, size_t size)
{
	struct nlattr *attr = (void *)((char *)request + NLMSG_ALIGN(request->head.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + size;
	memcpy((char *)attr + NLA_HDRLEN, data, size);
	request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) + NLA_ALIGN(attr->nla_len);
	CHECK(request->head.nlmsg_len <= sizeof(*request));
}

int open_netlink(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	CHECK(sock >= 0);
	CHECK(bind(sock, (struct sockaddr *)&address, sizeof(address)) == 0);
	return sock;
}

bool arrives(int sock, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = sock, .events = POLLIN };

	return poll(&poll_fd, 1, timeout_ms) == 1;
}

char buffer[BUFFER_SIZE] __attribute__((aligned(8)));
size_t datagram_size = sizeof(buffer);

int next_datagram(int sock)
{
	ssize_t n;

	CHECK(arrives(sock, PATIENCE_NS / NSEC_PER_MSEC));
	n = recv(sock, buffer, datagram_size, 0);
	CHECK(n > 0);
	return n;
}

void send_request(int sock, const struct request *request)
{
	CHECK(send(sock, request, request->head.nlmsg_len, 0) == (ssize_t)request->head.nlmsg_len);
}

void parse(const void *attrs, int length, const struct nlattr **table, int n)
{
	const struct nlattr *attr = attrs;

	memset(table, 0, n * sizeof(*table));
	while (length >= NLA_HDRLEN) {
		int type = attr->nla_type & NLA_TYPE_MASK;

		CHECK(attr->nla_len >= NLA_HDRLEN && attr->nla_len <= length);
		if (type < n) {
			/* Padding may come often, everything else once. */
			CHECK(type <= KGIL_A_OBJECT_PAD || !table[type]);
			table[type] = attr;
		}
		length -= NLA_ALIGN(attr->nla_len);
		attr = (const void *)((const char *)attr + NLA_ALIGN(attr->nla_len));
	}
}

void parse_message(const struct nlmsghdr *head, const struct nlattr **table, int n)
{
	const char *attrs = (const char *)NLMSG_DATA(head) + GENL_HDRLEN;

	parse(attrs, head->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), table, n);
}

const void *payload(const struct nlattr *attr)
{
	return (const char *)attr + NLA_HDRLEN;
}

__u32 get_u32(const struct nlattr *attr)
{
	__u32 value;

	CHECK(attr && attr->nla_len == NLA_HDRLEN + sizeof(value));
	memcpy(&value, payload(attr), sizeof(value));
	return value;
}

__u64 get_u64(const struct nlattr *attr)
{
	__u64 value;

	CHECK(attr && attr->nla_len == NLA_HDRLEN + sizeof(value));
	memcpy(&value, payload(attr), sizeof(value));
	return value;
}

int ask(int sock, const struct request *request)
{
	const struct nlmsghdr *head = (void *)buffer;

	send_request(sock, request);
	next_datagram(sock);
	if (head->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *error = NLMSG_DATA(head);

		return -error->error;
	}
	return 0;
}

static __u32 find_group(const struct nlattr *groups, const char *name)
{
	const struct nlattr *group, *table[CTRL_ATTR_MCAST_GRP_MAX + 1];
	int left = groups->nla_len - NLA_HDRLEN;

	for (group = payload(groups); left > 0;
	     left -= NLA_ALIGN(group->nla_len),
	    group = (const void *)((const char *)group + NLA_ALIGN(group->nla_len))) {
		parse(payload(group), group->nla_len - NLA_HDRLEN, table, ARRAY_SIZE(table));
		if (strcmp(payload(table[CTRL_ATTR_MCAST_GRP_NAME]), name) == 0)
			return get_u32(table[CTRL_ATTR_MCAST_GRP_ID]);
	}
	return 0;
}

struct family find_family(int sock)
{
	const struct nlattr *table[CTRL_ATTR_MAX + 1];
	struct family family = {};
	struct request request;
	__u16 id;

	begin(&request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	add(&request, CTRL_ATTR_FAMILY_NAME, KGIL_GENL_NAME, sizeof(KGIL_GENL_NAME));
	CHECK(ask(sock, &request) == 0);
	parse_message((void *)buffer, table, ARRAY_SIZE(table));
	CHECK(table[CTRL_ATTR_FAMILY_ID] && table[CTRL_ATTR_MCAST_GROUPS]);
	memcpy(&id, payload(table[CTRL_ATTR_FAMILY_ID]), sizeof(id));
	family.id = id;
	family.version = get_u32(table[CTRL_ATTR_VERSION]);
	family.events = find_group(table[CTRL_ATTR_MCAST_GROUPS], KGIL_GENL_MCGRP_EVENTS);
	family.objects = find_group(table[CTRL_ATTR_MCAST_GROUPS], KGIL_GENL_MCGRP_OBJECTS);
	return family;
}

int get_object(int sock, __u64 id, const struct nlattr **table)
{
	struct request request;
	int err;

	begin(&request, find_family(sock).id, KGIL_CMD_OBJECT_GET, 0);
	add(&request, KGIL_A_OBJECT_ID, &id, sizeof(id));
	err = ask(sock, &request);
	if (!err)
		parse_message((void *)buffer, table, ATTRS);
	return err;
}

static void join(int sock, __u32 group)
{
	CHECK(group);
	CHECK(setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0);
}

void listen_to_events(int sock)
{
	join(sock, find_family(sock).events);
}

void listen_to_objects(int sock)
{
	join(sock, find_family(sock).objects);
}
