// SPDX-License-Identifier: GPL-2.0
/*
 * kgil top on a terminal: samples, keys and signals, and a terminal that is left as it was.
 */
#define _GNU_SOURCE /* ppoll() */
#include <curses.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "opt.h"
#include "top_state.h"

/* The first figures are there soon. */
#define FIRST_DELAY (300 * OPT_MS)
#define ESCAPE_MS 50
#define MESSAGE_LASTS (5 * OPT_SEC)

static volatile sig_atomic_t ended, lost, resized, stopped, continued;

static void on_signal(int signal)
{
	switch (signal) {
	case SIGHUP:
		lost = 1;
		break;
	case SIGWINCH:
		resized = 1;
		break;
	case SIGTSTP:
		stopped = 1;
		break;
	case SIGCONT:
		continued = 1;
		break;
	default:
		ended = 1;
	}
}

static const int signals[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP,
			       SIGWINCH, SIGTSTP, SIGCONT };

/* They come only while it waits, and curses leaves them alone. */
static void catch_signals(sigset_t *waiting)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	sigset_t ours;
	unsigned int i;

	sigemptyset(&ours);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], NULL, &old);
		/* Without job control nobody would continue it. */
		if (signals[i] == SIGTSTP && old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
		sigaddset(&ours, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &ours, waiting);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigdelset(waiting, signals[i]);
}

/* --- the terminal ------------------------------------------------------------- */

static SCREEN *screen_begin(void)
{
	SCREEN *screen;

	setlocale(LC_CTYPE, "");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return NULL;
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	top_draw_init();
	return screen;
}

static void screen_end(SCREEN *screen)
{
	curs_set(1);
	endwin();
	delscreen(screen);
}

static void resize(void)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
}

/* As the shell expects it: the terminal is clean while it is stopped. */
static void stop(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL }, ours;
	sigset_t tstp;

	curs_set(1);
	endwin();
	sigaction(SIGTSTP, &action, &ours);
	sigemptyset(&tstp);
	sigaddset(&tstp, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &tstp, NULL);
	/* Continued. */
	sigprocmask(SIG_BLOCK, &tstp, NULL);
	sigaction(SIGTSTP, &ours, NULL);
	continued = 1;
}

static void handle_signals(void)
{
	if (stopped) {
		stopped = 0;
		stop();
	}
	if (continued) {
		continued = 0;
		reset_prog_mode();
		clearok(curscr, TRUE);
		resized = 1;
	}
	if (resized) {
		resized = 0;
		resize();
	}
}

/* --- the loop ----------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * OPT_SEC + now.tv_nsec;
}

/* Wait for a key, a signal, or until @until (0: for ever).  False: the terminal is gone. */
static bool wait_for(uint64_t until, const sigset_t *waiting)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	uint64_t now = now_ns(), left = until > now ? until - now : 0;
	const struct timespec pause = { left / OPT_SEC, left % OPT_SEC };
	int n = ppoll(&input, 1, until ? &pause : NULL, waiting);

	return n <= 0 || !(input.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void read_keys(struct top *top, struct top_layout *layout)
{
	int key;

	while (!top->quit && (key = getch()) != ERR) {
		top_key(top, layout, key);
		/* What fits may have changed with what is shown. */
		top_layout(layout, top_view(top)->table, COLS, &top->shown);
	}
}

/* The object whose threads are shown is gone. */
static void leave_object(struct top *top)
{
	snprintf(top->message, sizeof(top->message), "object %llu is gone",
		 (unsigned long long)top->object);
	top->object = 0;
	top_show(top);
}

static int refresh_samples(struct top *top)
{
	int status = top_next(top);

	if (!status && top->object && !top_object_row(top))
		leave_object(top);
	return status;
}

/* A message makes room for the keys again. */
static void expire_message(struct top *top, uint64_t *since)
{
	if (!*top->message)
		*since = 0;
	else if (!*since)
		*since = now_ns();
	else if (now_ns() - *since > MESSAGE_LASTS)
		top->message[0] = '\0';
}

static int loop(struct top *top, const sigset_t *waiting)
{
	uint64_t due = now_ns(), last = 0, said = 0, delay;
	struct top_layout layout;
	int status = STATUS_OK;

	while (!status && !top->quit && !ended && !lost) {
		if (!top->paused && now_ns() >= due) {
			last = now_ns();
			status = refresh_samples(top);
			if (status)
				break;
		}
		expire_message(top, &said);
		delay = top->before.at || top->delay < FIRST_DELAY ? top->delay : FIRST_DELAY;
		due = last + delay;
		top_draw(top, &layout);
		if (!wait_for(top->paused ? 0 : due, waiting))
			lost = 1;
		handle_signals();
		read_keys(top, &layout);
	}
	return status;
}

int top_live(struct top *top)
{
	sigset_t waiting;
	SCREEN *screen;
	int status;

	catch_signals(&waiting);
	screen = screen_begin();
	if (!screen)
		return err_failed("the terminal can't be used as a screen; --once prints text");
	err_keep(top->message, sizeof(top->message));
	status = loop(top, &waiting);
	err_keep(NULL, 0);
	screen_end(screen);
	if (status)
		fprintf(stderr, "kgil: %s\n", top->message);
	return lost ? STATUS_FAILED : status;
}
