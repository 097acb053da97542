/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family, spoken to without a library: a request is made by
 * begin() and add(), and what comes is in buffer.
 */
#ifndef KGIL_NETLINK_H
#define KGIL_NETLINK_H

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "kgil_test.h"

#define BUFFER_SIZE 65536
#define ATTRS	    (KGIL_A_OBJECT_MAX + 1)

/* A request under construction. */
struct request {
	struct nlmsghdr head;
	struct genlmsghdr command;
	char attrs[256];
};

struct family {
	__u16 id;
	__u32 version;
	__u32 events; /* the groups; 0: none */
	__u32 objects;
};

extern char buffer[BUFFER_SIZE];
/* How much of it is asked for at once. */
extern size_t datagram_size;

int open_netlink(void);
struct family find_family(int sock);
void listen_to_events(int sock);
void listen_to_objects(int sock);

void begin(struct request *request, __u16 family, __u8 cmd, __u16 flags);
void add(struct request *request, __u16 type, const void *data, size_t size);
void send_request(int sock, const struct request *request);
/* An answer of one message, in buffer; else the errno. */
int ask(int sock, const struct request *request);
/* The attributes of an object; the errno. */
int get_object(int sock, __u64 id, const struct nlattr **table);

bool arrives(int sock, int timeout_ms);
/* The next datagram's size. */
int next_datagram(int sock);

/* Pointers into a message, by attribute; @n: length of @table. */
void parse(const void *attrs, int length, const struct nlattr **table, int n);
void parse_message(const struct nlmsghdr *head, const struct nlattr **table, int n);
const void *payload(const struct nlattr *attr);
__u32 get_u32(const struct nlattr *attr);
__u64 get_u64(const struct nlattr *attr);

#endif /* KGIL_NETLINK_H */
