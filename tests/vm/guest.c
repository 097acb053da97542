// SPDX-License-Identifier: GPL-2.0
/*
 * The first process of the guest once its root is mounted: runs the command,
 * carries its input and output over the port, and powers off.
 *
 * The job is a directory: argv, environ (strings that end in NUL), cwd, and
 * tty, which is there if the command gets a terminal.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "frame.h"

#define JOB "/run/kgil-vm/"
/* After the command's end, for what it left in the background to speak. */
#define DRAIN_MS 2000
#define BYE_MS 10000

struct stream {
	int fd;
	enum frame_type type;
};

struct run {
	int port;
	pid_t pid;
	int status;
	bool ended;
	bool tty;
	/* The command's side of each, closed once it runs. */
	int child[3];
	/* Our side: what it reads from, and what it writes to. */
	int input;
	struct stream output[2];
	unsigned char pending[FRAME_CREDIT];
	size_t pending_bytes;
	bool pending_end;
	struct frame_reader reader;
};

static int child_signal[2];

/* The host finds this line in the kernel's log. */
static void fail(const char *what)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	dprintf(fd, "kgil-vm: FAILED: %s: %s\n", what, strerror(errno));
	sync();
	reboot(RB_POWER_OFF);
	exit(1);
}

static char *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	*length = 0;
	do {
		size += 65536;
		text = realloc(text, size + 1);
		if (!text)
			fail("memory");
		*length += fread(text + *length, 1, size - *length, file);
	} while (*length == size);
	text[*length] = '\0';
	fclose(file);
	return text;
}

/* A file of strings that end in NUL as a vector that ends in NULL. */
static char **read_strings(const char *path)
{
	size_t length, n = 0;
	char *text = read_file(path, &length), *s;
	char **strings;

	if (!text)
		fail(path);
	strings = calloc(length + 1, sizeof(*strings));
	if (!strings)
		fail("memory");
	for (s = text; s < text + length; s += strlen(s) + 1)
		strings[n++] = s;
	return strings;
}

static void open_pipes(struct run *run)
{
	int in[2], out[2], err[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		fail("pipe");
	run->child[0] = in[0];
	run->child[1] = out[1];
	run->child[2] = err[1];
	run->input = in[1];
	run->output[0] = (struct stream){ out[0], FRAME_OUTPUT };
	run->output[1] = (struct stream){ err[0], FRAME_ERRORS };
}

static void open_terminal(struct run *run)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave;

	if (master < 0 || grantpt(master) || unlockpt(master))
		fail("terminal");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		fail("terminal");
	for (int i = 0; i < 3; i++)
		run->child[i] = slave;
	run->input = fcntl(master, F_DUPFD_CLOEXEC, 0);
	run->output[0] = (struct stream){ master, FRAME_OUTPUT };
	run->output[1] = (struct stream){ -1, FRAME_ERRORS };
}

static void execute(struct run *run)
{
	char **argv = read_strings(JOB "argv");
	char **envp = read_strings(JOB "environ");
	size_t length;
	char *cwd = read_file(JOB "cwd", &length);
	int error;

	setsid();
	if (run->tty)
		ioctl(run->child[0], TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(run->child[i], i);
	signal(SIGPIPE, SIG_DFL);
	if (!cwd || chdir(cwd)) {
		dprintf(2, "kgil-vm: %s: %s\n", cwd, strerror(errno));
		_exit(126);
	}
	environ = envp;
	execvp(argv[0], argv);
	error = errno;
	dprintf(2, "kgil-vm: %s: %s\n", argv[0], strerror(error));
	_exit(error == ENOENT ? 127 : 126);
}

static void start(struct run *run)
{
	run->tty = access(JOB "tty", F_OK) == 0;
	if (run->tty)
		open_terminal(run);
	else
		open_pipes(run);
	fcntl(run->input, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 2; i++)
		if (run->output[i].fd >= 0)
			fcntl(run->output[i].fd, F_SETFL, O_NONBLOCK);
	if (frame_send(run->port, FRAME_HELLO, NULL, 0))
		fail("port");
	run->pid = fork();
	if (run->pid < 0)
		fail("fork");
	if (!run->pid)
		execute(run);
	for (int i = 0; i < 3; i++)
		if (!i || !run->tty)
			close(run->child[i]);
}

static void close_input(struct run *run)
{
	if (run->input >= 0)
		close(run->input);
	run->input = -1;
}

static void handle_frame(struct run *run)
{
	const struct frame *frame = &run->reader.frame;

	switch (frame->type) {
	case FRAME_INPUT:
		if (!frame->length)
			run->pending_end = true;
		if (run->pending_bytes + frame->length > sizeof(run->pending))
			fail("the host sent more input than it may");
		memcpy(run->pending + run->pending_bytes, frame->data, frame->length);
		run->pending_bytes += frame->length;
		break;
	case FRAME_WINDOW:
		if (run->tty)
			ioctl(run->output[0].fd, TIOCSWINSZ, frame->data);
		break;
	default:
		break;
	}
}

/* Give pending input to the command; drop it if nobody reads. */
static void pass_input(struct run *run)
{
	uint32_t taken = run->pending_bytes;

	if (run->input >= 0 && run->pending_bytes) {
		ssize_t n = write(run->input, run->pending, run->pending_bytes);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			close_input(run);
		else
			taken = n;
	}
	if (taken) {
		run->pending_bytes -= taken;
		memmove(run->pending, run->pending + taken, run->pending_bytes);
		if (frame_send(run->port, FRAME_TAKEN, &taken, sizeof(taken)))
			fail("port");
	}
	if (run->pending_end && !run->pending_bytes)
		close_input(run);
}

static void pass_output(struct run *run, struct stream *stream)
{
	char data[FRAME_MAX];
	ssize_t n = read(stream->fd, data, sizeof(data));

	if (n > 0) {
		if (frame_send(run->port, stream->type, data, n))
			fail("port");
	} else if (n == 0 || errno != EAGAIN) {
		/* A terminal whose last user has gone reads as EIO. */
		close(stream->fd);
		stream->fd = -1;
	}
}

static void reap(struct run *run)
{
	char byte;
	int status;
	pid_t pid;

	while (read(child_signal[0], &byte, 1) == 1)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != run->pid)
			continue;
		run->ended = true;
		run->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void carry(struct run *run)
{
	long end = 0;

	while (run->output[0].fd >= 0 || run->output[1].fd >= 0 || !run->ended) {
		bool writable = run->input >= 0 && run->pending_bytes;
		struct pollfd fds[] = {
			{ child_signal[0], POLLIN, 0 },
			{ run->port, POLLIN, 0 },
			{ run->output[0].fd, POLLIN, 0 },
			{ run->output[1].fd, POLLIN, 0 },
			{ writable ? run->input : -1, POLLOUT, 0 },
		};
		long wait = -1;

		if (run->ended) {
			if (!end)
				end = now_ms() + DRAIN_MS;
			wait = end - now_ms();
			if (wait <= 0)
				return;
		}
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), wait) < 0 && errno != EINTR)
			fail("poll");
		if (fds[0].revents)
			reap(run);
		if (fds[1].revents) {
			int n = frame_read(&run->reader, run->port);

			if (n < 0)
				fail("the host is gone");
			if (n)
				handle_frame(run);
		}
		pass_input(run);
		for (int i = 0; i < 2; i++)
			if (fds[2 + i].revents)
				pass_output(run, &run->output[i]);
	}
}

/* Unload the module, look for leaks; what is wrong goes to the kernel's log. */
static void finish(void)
{
	pid_t pid;

	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	pid = fork();
	if (!pid) {
		execl(JOB "busybox", "busybox", "sh", JOB "finish", NULL);
		_exit(127);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void wait_for_bye(struct run *run)
{
	long end = now_ms() + BYE_MS, left;

	while ((left = end - now_ms()) > 0) {
		struct pollfd fd = { run->port, POLLIN, 0 };
		int n = 0;

		if (poll(&fd, 1, left) > 0)
			n = frame_read(&run->reader, run->port);
		if (n < 0 || (n && run->reader.frame.type == FRAME_BYE))
			return;
	}
}

static void on_child(int signal)
{
	int error = errno;

	(void)signal;
	if (write(child_signal[1], "", 1) < 0)
		errno = error;
	errno = error;
}

int main(int argc, char **argv)
{
	static struct run run;
	struct sigaction action = { .sa_handler = on_child, .sa_flags = SA_NOCLDSTOP };
	uint32_t status;

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(child_signal, O_CLOEXEC | O_NONBLOCK))
		fail("pipe");
	sigaction(SIGCHLD, &action, NULL);
	run.port = open(argv[1], O_RDWR | O_CLOEXEC);
	if (run.port < 0)
		fail(argv[1]);
	start(&run);
	carry(&run);
	finish();
	status = run.status;
	if (frame_send(run.port, FRAME_EXIT, &status, sizeof(status)))
		fail("port");
	wait_for_bye(&run);
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
