// SPDX-License-Identifier: GPL-2.0
/*
 * kgil monitor: events as they happen, a line each.
 */
#define _GNU_SOURCE /* ppoll() */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "cmd.h"
#include "err.h"
#include "net.h"
#include "opt.h"
#include "out.h"

static uint64_t count;

static const struct opt options[] = {
	{ "count", 'n', OPT_NUMBER, &count, .arg = "COUNT", .min = 1, .max = UINT64_MAX,
	  .help = "end after this many events, 1 to 18446744073709551615 (default: never)" },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "monitor",
	.about = "Print events as they happen, a line each, until Ctrl-C: 'owner died' is a\n"
		 "thread that ended while it owned a gil or an rlock, 'deadlock' one that was\n"
		 "refused because its wait would have closed a cycle of owners. With --json,\n"
		 "each line is an object of its own.",
	.opts = options,
	.more = "Events that came too fast to be read are reported as lost. When the module is\n"
		"unloaded, it ends with exit status 3.\n",
};

/**
 * struct monitor - the state of kgil monitor
 * @client: the connection
 * @seen: events printed
 * @gone: the module was unloaded
 */
struct monitor {
	struct net_client client;
	uint64_t seen;
	bool gone;
};

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

static bool is_done(const struct monitor *m)
{
	return ended || m->gone || ferror(stdout) || (count && m->seen >= count);
}

/* Local time of day, with milliseconds. */
static struct out_text time_now(bool date)
{
	struct out_text text;
	struct timespec ts;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	len = strftime(text.s, sizeof(text.s), date ? "%FT%T" : "%T", &tm);
	len += snprintf(text.s + len, sizeof(text.s) - len, ".%03ld", ts.tv_nsec / 1000000);
	if (date)
		strftime(text.s + len, sizeof(text.s) - len, "%z", &tm);
	return text;
}

static struct out_text event_name(unsigned int cmd)
{
	struct out_text text;

	if (cmd == KGIL_CMD_OWNER_DIED_NTF)
		snprintf(text.s, sizeof(text.s), "owner died");
	else if (cmd == KGIL_CMD_DEADLOCK_NTF)
		snprintf(text.s, sizeof(text.s), "deadlock");
	else
		snprintf(text.s, sizeof(text.s), "event %u", cmd);
	return text;
}

static void print_event_json(unsigned int cmd, const struct net_object *o)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "time", json_object_new_string(time_now(true).s));
	json_object_object_add(json, "event", json_object_new_string(event_name(cmd).s));
	json_object_object_add(json, "object", net_json(o));
	out_json_print(json, true);
}

static void print_event_text(unsigned int cmd, const struct net_object *o)
{
	printf("%s  %s%s%s: %s %llu", time_now(false).s, out_style(OUT_YELLOW), event_name(cmd).s,
	       out_style(OUT_RESET), net_type_name(o->type).s, (unsigned long long)o->id);
	if (net_has(o, KGIL_A_OBJECT_OWNER_TID))
		printf(", tid %u", o->owner_tid);
	if (net_has(o, KGIL_A_OBJECT_OWNER_COMM))
		printf(" (%s)", o->owner_comm);
	if (net_has(o, KGIL_A_OBJECT_OWNER))
		printf(", owner id %llu", (unsigned long long)o->owner);
	if (net_has(o, KGIL_A_OBJECT_THREAD))
		printf(", thread id %llu", (unsigned long long)o->thread);
	if (net_has(o, KGIL_A_OBJECT_WAITERS))
		printf(", %u waiting", o->waiters);
	putchar('\n');
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct genlmsghdr *genl = nlmsg_data(header);
	struct monitor *m = arg;
	struct net_object object;

	m->gone |= net_is_gone(&m->client, msg);
	if (header->nlmsg_type != m->client.family || is_done(m))
		return NL_OK;
	net_parse(&object, genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0));
	if (out_json)
		print_event_json(genl->cmd, &object);
	else
		print_event_text(genl->cmd, &object);
	m->seen++;
	return NL_OK;
}

/* The kernel dropped events: the socket's buffer was full. */
static void print_lost(void)
{
	struct json_object *json;

	if (!out_json) {
		printf("%s  %sevents were lost%s: they came faster than they were read\n",
		       time_now(false).s, out_style(OUT_RED), out_style(OUT_RESET));
		return;
	}
	json = json_object_new_object();
	json_object_object_add(json, "time", json_object_new_string(time_now(true).s));
	json_object_object_add(json, "event", json_object_new_string("lost"));
	out_json_print(json, true);
}

/* What there is to read now. */
static int read_events(struct monitor *m)
{
	int err = nl_recvmsgs_default(m->client.sock);

	/* libnl's word for ENOBUFS. */
	if (err == -NLE_NOMEM)
		print_lost();
	else if (err < 0 && err != -NLE_AGAIN)
		return net_error(err, "events");
	return STATUS_OK;
}

/*
 * Signals are blocked but while ppoll() waits, so that none is missed between
 * the check and the wait.
 */
static int monitor(struct monitor *m)
{
	struct pollfd pfd = { .fd = nl_socket_get_fd(m->client.sock), .events = POLLIN };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t ending, waiting;
	int status = STATUS_OK;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigprocmask(SIG_BLOCK, &ending, &waiting);
	sigdelset(&waiting, SIGINT);
	sigdelset(&waiting, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!status && !is_done(m)) {
		if (ppoll(&pfd, 1, NULL, &waiting) > 0)
			status = read_events(m);
		else if (errno != EINTR)
			status = err_failed("poll: %s", strerror(errno));
	}
	return m->gone ? err_no_module() : status;
}

int cmd_monitor(int argc, char **argv)
{
	struct monitor m = { .seen = 0 };
	int status;

	opt_parse(&spec, argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	status = net_open(&m.client);
	if (status)
		return status;
	status = net_subscribe(&m.client);
	if (!status) {
		nl_socket_modify_cb(m.client.sock, NL_CB_VALID, NL_CB_CUSTOM, on_event, &m);
		status = monitor(&m);
	}
	net_close(&m.client);
	return status;
}
