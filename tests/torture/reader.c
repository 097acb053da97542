// SPDX-License-Identifier: GPL-2.0
/* A process that reads /proc/kgil and netlink all the time. */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "torture.h"

#define MESSAGE_SIZE 65536

static char message[MESSAGE_SIZE];

static void ask(int sock, __u16 type, __u16 flags, __u8 cmd, const void *payload, size_t size)
{
	struct {
		struct nlmsghdr header;
		struct genlmsghdr genl;
		char payload[64];
	} request = { .header = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags },
		      .genl = { .cmd = cmd, .version = 1 } };

	memcpy(request.payload, payload, size);
	request.header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + size;
	if (send(sock, &request, request.header.nlmsg_len, 0) < 0)
		violation("netlink: send: errno %d", errno);
}

static __u16 family_id(int sock)
{
	struct {
		struct nlattr header;
		char name[8];
	} attr = { .header = { .nla_len = NLA_HDRLEN + sizeof(KGIL_GENL_NAME),
			       .nla_type = CTRL_ATTR_FAMILY_NAME },
		   .name = KGIL_GENL_NAME };
	struct nlmsghdr *header = (struct nlmsghdr *)message;
	char *at, *end;
	ssize_t size;

	ask(sock, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, &attr, sizeof(attr));
	size = recv(sock, message, sizeof(message), 0);
	if (size < 0 || header->nlmsg_type != GENL_ID_CTRL)
		violation("netlink: no family kgil");
	end = message + size;
	for (at = message + NLMSG_LENGTH(GENL_HDRLEN); at < end;) {
		struct nlattr *here = (struct nlattr *)at;

		if (here->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(__u16 *)(at + NLA_HDRLEN);
		at += NLA_ALIGN(here->nla_len);
	}
	violation("netlink: the family has no id");
}

/* Returns how many objects were shown. */
static int dump(int sock, __u16 family)
{
	int objects = 0;

	ask(sock, family, NLM_F_DUMP, KGIL_CMD_OBJECT_GET, "", 0);
	for (;;) {
		ssize_t size = recv(sock, message, sizeof(message), 0);
		struct nlmsghdr *header = (struct nlmsghdr *)message;

		if (size < 0)
			violation("netlink: errno %d", errno);
		for (; NLMSG_OK(header, size); header = NLMSG_NEXT(header, size)) {
			if (header->nlmsg_type == NLMSG_DONE)
				return objects;
			if (header->nlmsg_type != family)
				violation("netlink: a message of type %u", header->nlmsg_type);
			objects++;
		}
	}
}

static void read_once(int sock, __u16 family)
{
	char *text = read_file(PROC_OBJECTS, 4096);
	int i, objects;

	for (i = 0; i < OBJECTS; i++)
		if (rows_of(text, world->objects[i].id) != 1)
			violation(PROC_OBJECTS " shows %s %d times", object_name(i),
				  rows_of(text, world->objects[i].id));
	free(text);
	proc_total("acquisitions");
	objects = dump(sock, family);
	if (objects < OBJECTS)
		violation("netlink shows %d objects instead of %d", objects, OBJECTS);
	add_count(0, READS);
}

pid_t start_reader(void)
{
	int sock;
	__u16 family;
	pid_t pid = fork_child();

	if (pid)
		return pid;
	sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (sock < 0)
		violation("netlink: errno %d", errno);
	family = family_id(sock);
	while (!atomic_load(&world->stop)) {
		read_once(sock, family);
		usleep(2000);
	}
	_exit(0);
}
