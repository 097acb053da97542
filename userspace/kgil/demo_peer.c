// SPDX-License-Identifier: GPL-2.0
/*
 * A process at the other end of a socket or of two pipes, which makes a reader
 * wait as a network or a disk does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo.h"
#include "err.h"

static void fail(const char *what)
{
	exit(err_failed("%s: %s", what, strerror(errno)));
}

/*
 * The peer: ends with its parent, or when the parent closes its end, of which
 * it must therefore have no copy.
 */
static void __attribute__((noreturn)) answer(int in, int out, int delay_ms, pid_t parent)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	demo_pin_to(DEMO_PEER_CPU);
	in = fcntl(in, F_DUPFD, 64);
	out = fcntl(out, F_DUPFD, 64);
	close_range(0, 63, 0);
	close_range((in > out ? in : out) + 1, ~0U, 0);
	while (read(in, &byte, 1) == 1) {
		if (delay_ms)
			poll(NULL, 0, delay_ms);
		if (write(out, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

/* Two ends: @ours and @theirs, each to read from and to write to. */
static void connect_ends(enum demo_peer_kind kind, int ours[2], int theirs[2])
{
	int pair[2], there[2], back[2];

	if (kind == DEMO_SOCKET) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
			fail("create a pair of sockets");
		ours[0] = pair[0];
		ours[1] = pair[0];
		theirs[0] = pair[1];
		theirs[1] = pair[1];
		return;
	}
	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
		fail("create a pipe");
	ours[0] = back[0];
	ours[1] = there[1];
	theirs[0] = there[0];
	theirs[1] = back[1];
}

static void close_ends(const int ends[2])
{
	close(ends[0]);
	if (ends[1] != ends[0])
		close(ends[1]);
}

void demo_peer_start(struct demo_peer *peer, enum demo_peer_kind kind, int delay_ms)
{
	pid_t parent = getpid();
	int ours[2], theirs[2];

	connect_ends(kind, ours, theirs);
	peer->pid = fork();
	if (peer->pid < 0)
		fail("fork");
	if (!peer->pid)
		answer(theirs[0], theirs[1], delay_ms, parent);
	close_ends(theirs);
	peer->in = ours[0];
	peer->out = ours[1];
}

void demo_peer_ask(const struct demo_peer *peer)
{
	char byte = '?';

	if (write(peer->out, &byte, 1) != 1)
		fail("write a request");
	if (read(peer->in, &byte, 1) != 1)
		fail("read an answer");
}

void demo_peer_stop(struct demo_peer *peer)
{
	const int ends[2] = { peer->in, peer->out };

	close_ends(ends);
	while (waitpid(peer->pid, NULL, 0) < 0)
		if (errno != EINTR)
			fail("wait for a process");
}
