/* SPDX-License-Identifier: GPL-2.0 */
/* A process at the other end of a socket, which makes a thread wait for it. */
#ifndef KGIL_CMD_BENCH_GIL_PEER_H
#define KGIL_CMD_BENCH_GIL_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct gil_peer {
	int fd;
	pid_t pid;
};

/*
 * Start a process that runs @fn with its end of the socket, until that returns
 * or this process closes the other end.
 */
void gil_peer_start(struct gil_peer *peer, void (*fn)(int fd));
void gil_peer_stop(struct gil_peer *peer);

/* All of @size bytes; false: the other end is closed. */
bool gil_peer_send(int fd, const void *data, size_t size);
bool gil_peer_receive(int fd, void *data, size_t size);

#endif /* KGIL_CMD_BENCH_GIL_PEER_H */
