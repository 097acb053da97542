// SPDX-License-Identifier: GPL-2.0
/*
 * The host's end of a guest: starts QEMU, carries standard input and output to
 * the command in the guest, and ends QEMU when the time is over, when a signal
 * says so, or when nobody reads the output any more.
 *
 * usage: host RESULT OUTPUT SECONDS tty|plain COMMAND...
 *
 * COMMAND finds its end of the connection as descriptor 9; what it says itself
 * goes to the file OUTPUT.  RESULT becomes a file of one line: "exit N" (the
 * guest's command ended so), "timeout", "silent" (the guest never started the
 * command), "lost" (the guest ended on its own) or "signal N"; a second line
 * "qemu N" is QEMU's wait status.
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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "frame.h"

#define GUEST_FD 9
/* From the start to the command. */
#define BOOT_MS 120000
/* From "all received" to the end of QEMU. */
#define POWER_OFF_MS 60000

enum outcome {
	RUNNING,
	EXITED,
	TIMEOUT,
	SILENT,
	LOST,
	SIGNALLED,
};

static struct {
	int socket;
	pid_t qemu;
	enum outcome outcome;
	uint32_t status;
	bool greeted;
	bool input_open;
	uint32_t credit;
	struct frame_reader reader;
} host = { .input_open = true, .credit = FRAME_CREDIT };

static volatile sig_atomic_t caught_signal;
static volatile sig_atomic_t window_changed;
static struct termios saved_terminal;
static bool terminal_is_raw;

static void on_signal(int signal)
{
	if (signal == SIGWINCH)
		window_changed = 1;
	else
		caught_signal = signal;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void die(const char *what)
{
	fprintf(stderr, "vm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_raw(void)
{
	struct termios raw;

	if (tcgetattr(0, &saved_terminal))
		return;
	raw = saved_terminal;
	cfmakeraw(&raw);
	terminal_is_raw = tcsetattr(0, TCSADRAIN, &raw) == 0;
}

static void restore_terminal(void)
{
	if (terminal_is_raw)
		tcsetattr(0, TCSADRAIN, &saved_terminal);
}

static void start_qemu(const char *output, char **argv)
{
	int ends[2], null, out;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		die("socketpair");
	host.socket = ends[0];
	host.qemu = fork();
	if (host.qemu < 0)
		die("fork");
	if (host.qemu) {
		close(ends[1]);
		return;
	}
	/* Not to outlive us, and not to get the terminal's signals. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	null = open("/dev/null", O_RDWR);
	out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	dup2(ends[1], GUEST_FD);
	execvp(argv[0], argv);
	die(argv[0]);
}

static void send_frame(enum frame_type type, const void *data, uint32_t length)
{
	if (frame_send(host.socket, type, data, length))
		host.outcome = host.outcome == RUNNING ? LOST : host.outcome;
}

static void send_window(void)
{
	struct winsize size;

	window_changed = 0;
	if (ioctl(0, TIOCGWINSZ, &size) == 0)
		send_frame(FRAME_WINDOW, &size, sizeof(size));
}

static void pass_input(void)
{
	char data[FRAME_MAX];
	size_t want = host.credit < sizeof(data) ? host.credit : sizeof(data);
	ssize_t n = read(0, data, want);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		host.input_open = false;
		n = 0;
	}
	host.credit -= n;
	send_frame(FRAME_INPUT, data, n);
}

static uint32_t frame_number(const struct frame *frame)
{
	uint32_t number = 0;

	if (frame->length == sizeof(number))
		memcpy(&number, frame->data, sizeof(number));
	return number;
}

static void pass_output(int fd, const struct frame *frame)
{
	if (write_all(fd, frame->data, frame->length)) {
		host.outcome = SIGNALLED;
		caught_signal = SIGPIPE;
	}
}

static void handle_frame(void)
{
	const struct frame *frame = &host.reader.frame;

	switch (frame->type) {
	case FRAME_HELLO:
		host.greeted = true;
		if (terminal_is_raw)
			send_window();
		break;
	case FRAME_TAKEN:
		host.credit += frame_number(frame);
		break;
	case FRAME_OUTPUT:
		pass_output(1, frame);
		break;
	case FRAME_ERRORS:
		pass_output(2, frame);
		break;
	case FRAME_EXIT:
		host.status = frame_number(frame);
		host.outcome = EXITED;
		send_frame(FRAME_BYE, NULL, 0);
		break;
	default:
		break;
	}
}

static void carry(long deadline, sigset_t *unblocked)
{
	long boot_deadline = now_ms() + BOOT_MS;

	if (boot_deadline > deadline)
		boot_deadline = deadline;
	while (host.outcome == RUNNING) {
		bool input = host.greeted && host.input_open && host.credit;
		struct pollfd fds[] = {
			{ host.socket, POLLIN, 0 },
			{ input ? 0 : -1, POLLIN, 0 },
		};
		long left = (host.greeted ? deadline : boot_deadline) - now_ms();
		struct timespec wait = { left / 1000, left % 1000 * 1000000 };

		if (left <= 0) {
			host.outcome = host.greeted ? TIMEOUT : SILENT;
			return;
		}
		if (ppoll(fds, 2, &wait, unblocked) < 0 && errno != EINTR)
			die("poll");
		if (caught_signal) {
			host.outcome = SIGNALLED;
			return;
		}
		if (window_changed && terminal_is_raw)
			send_window();
		if (fds[0].revents) {
			int n = frame_read(&host.reader, host.socket);

			if (n < 0)
				host.outcome = LOST;
			if (n > 0)
				handle_frame();
		}
		if (fds[1].revents)
			pass_input();
	}
}

/* Wait for QEMU to end by itself if it should, else end it. */
static int end_qemu(void)
{
	long deadline = now_ms() + POWER_OFF_MS;
	int status;

	while (host.outcome == EXITED || host.outcome == LOST) {
		if (waitpid(host.qemu, &status, WNOHANG) == host.qemu)
			return status;
		if (now_ms() > deadline || caught_signal)
			break;
		poll(NULL, 0, 20);
	}
	kill(host.qemu, SIGKILL);
	waitpid(host.qemu, &status, 0);
	return status;
}

static void report(const char *path, int qemu_status)
{
	FILE *file = fopen(path, "we");

	if (!file)
		die(path);
	switch (host.outcome) {
	case EXITED:
		fprintf(file, "exit %u\n", host.status);
		break;
	case TIMEOUT:
		fprintf(file, "timeout\n");
		break;
	case SILENT:
		fprintf(file, "silent\n");
		break;
	case SIGNALLED:
		fprintf(file, "signal %d\n", (int)caught_signal);
		break;
	default:
		fprintf(file, "lost\n");
	}
	fprintf(file, "qemu %d\n", qemu_status);
	if (fclose(file))
		die(path);
}

int main(int argc, char **argv)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked, unblocked;
	int qemu_status;

	if (argc < 6) {
		fprintf(stderr, "usage: host RESULT OUTPUT SECONDS tty|plain COMMAND...\n");
		return 2;
	}
	/* What is closed must not become the connection. */
	while (open("/dev/null", O_RDWR) < 3)
		;
	signal(SIGPIPE, SIG_IGN);
	start_qemu(argv[2], argv + 5);
	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&blocked, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &unblocked);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigdelset(&unblocked, signals[i]);
	if (!strcmp(argv[4], "tty"))
		make_raw();
	carry(now_ms() + atol(argv[3]) * 1000, &unblocked);
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	qemu_status = end_qemu();
	restore_terminal();
	report(argv[1], qemu_status);
	return 0;
}
