// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_gil_peer.h"
#include "err.h"

static void __attribute__((noreturn)) fail(const char *what)
{
	exit(err_failed("%s: %s", what, strerror(errno)));
}

/* Has nothing open but its end, so that closing the other one ends it. */
static void __attribute__((noreturn)) child(int fd, void (*fn)(int fd), pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	fd = dup2(fd, 0);
	close_range(1, ~0U, 0);
	fn(fd);
	_exit(0);
}

void gil_peer_start(struct gil_peer *peer, void (*fn)(int fd))
{
	pid_t parent = getpid();
	int pair[2];

	/* Of a stream, a reader is also woken when its peer reads. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		fail("create a pair of sockets");
	peer->pid = fork();
	if (peer->pid < 0)
		fail("start a process");
	if (!peer->pid)
		child(pair[1], fn, parent);
	close(pair[1]);
	peer->fd = pair[0];
}

void gil_peer_stop(struct gil_peer *peer)
{
	close(peer->fd);
	while (waitpid(peer->pid, NULL, 0) < 0)
		if (errno != EINTR)
			fail("wait for a process");
}

bool gil_peer_send(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t sent;

	for (; size; at += sent, size -= sent) {
		sent = send(fd, at, size, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return false;
		if (sent < 0)
			sent = 0;
	}
	return true;
}

bool gil_peer_receive(int fd, void *data, size_t size)
{
	char *at = data;
	ssize_t got;

	for (; size; at += got, size -= got) {
		got = recv(fd, at, size, 0);
		if (!got || (got < 0 && errno != EINTR))
			return false;
		if (got < 0)
			got = 0;
	}
	return true;
}
