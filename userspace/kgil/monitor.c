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

static uint64_t count, only_object;
static const char *wanted_text;

static const struct opt options[] = {
	{ "count", 'n', OPT_NUMBER, &count, .arg = "COUNT", .min = 1, .max = UINT64_MAX,
	  .help = "end after this many events, 1 to 18446744073709551615 (default: never)" },
	{ "event", 'e', OPT_TEXT, &wanted_text, .arg = "EVENT,...",
	  .help = "only these: created, destroyed, changed, owner-died, deadlock, long-wait, "
		  "owner-blocked; or all (default: all but created and destroyed)" },
	{ "object", 'o', OPT_NUMBER, &only_object, .arg = "ID", .min = 1, .max = UINT64_MAX,
	  .help = "only events of this object (default: of all)" },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "monitor",
	.about = "Print events as they happen, a line each, until Ctrl-C. With --json, each line\n"
		 "is an object of its own.",
	.opts = options,
	.more = "Events:\n"
		"  created        an object was created\n"
		"  destroyed      an object is gone\n"
		"  changed        a setting of an object was set\n"
		"  owner-died     a thread ended while it owned a gil or an rlock\n"
		"  deadlock       a wait was refused that would have closed a cycle of owners\n"
		"  long-wait      a wait lasts longer than the object's threshold; see: kgil set\n"
		"  owner-blocked  an owner was blocked for longer than 'kgil set --away' says\n"
		"\n"
		"Events that came too fast to be read are reported as lost. When the module is\n"
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

/**
 * struct event - a kind of events
 * @cmd: its number
 * @word: what --event calls it
 * @name: what is printed
 * @of_objects: it comes to the group of objects that come and go
 */
static const struct event {
	unsigned int cmd;
	const char *word;
	const char *name;
	bool of_objects;
} events[] = {
	{ KGIL_CMD_CREATED_NTF, "created", "created", true },
	{ KGIL_CMD_DESTROYED_NTF, "destroyed", "destroyed", true },
	{ KGIL_CMD_CHANGED_NTF, "changed", "changed", false },
	{ KGIL_CMD_OWNER_DIED_NTF, "owner-died", "owner died", false },
	{ KGIL_CMD_DEADLOCK_NTF, "deadlock", "deadlock", false },
	{ KGIL_CMD_LONG_WAIT_NTF, "long-wait", "long wait", false },
	{ KGIL_CMD_OWNER_BLOCKED_NTF, "owner-blocked", "owner blocked", false },
};

#define N_EVENTS (sizeof(events) / sizeof(events[0]))

/* Which of them are wanted, by bits; all others, of later modules, always are. */
static unsigned int wanted;

static const struct event *find_event(unsigned int cmd)
{
	unsigned int i;

	for (i = 0; i < N_EVENTS; i++)
		if (events[i].cmd == cmd)
			return &events[i];
	return NULL;
}

static struct out_text event_name(unsigned int cmd)
{
	const struct event *event = find_event(cmd);
	struct out_text text;

	if (event)
		snprintf(text.s, sizeof(text.s), "%s", event->name);
	else
		snprintf(text.s, sizeof(text.s), "event %u", cmd);
	return text;
}

/* Add the event that the first @length bytes of @word name; false: none is. */
static bool want(const char *word, size_t length)
{
	unsigned int i;

	if (length == 3 && !strncmp(word, "all", length))
		wanted |= (1U << N_EVENTS) - 1;
	if (wanted == (1U << N_EVENTS) - 1)
		return true;
	for (i = 0; i < N_EVENTS; i++)
		if (strlen(events[i].word) == length && !strncmp(word, events[i].word, length)) {
			wanted |= 1U << i;
			return true;
		}
	return false;
}

static int parse_wanted(void)
{
	const char *word = wanted_text;
	unsigned int i;
	size_t length;

	for (i = 0; !word && i < N_EVENTS; i++)
		wanted |= !events[i].of_objects << i;
	while (word) {
		length = strcspn(word, ",");
		if (!want(word, length))
			return err_usage("--event: '%.*s' is not an event; there are: created, "
					 "destroyed, changed, owner-died, deadlock, long-wait, "
					 "owner-blocked, all",
					 (int)length, word);
		word = word[length] ? word + length + 1 : NULL;
	}
	return STATUS_OK;
}

/* Is any event wanted that comes to the one or the other group? */
static bool wants_group(bool of_objects)
{
	unsigned int i;

	for (i = 0; i < N_EVENTS; i++)
		if (wanted & 1U << i && events[i].of_objects == of_objects)
			return true;
	return false;
}

static bool is_wanted(unsigned int cmd, const struct net_object *o)
{
	const struct event *event = find_event(cmd);

	if (only_object && o->id != only_object)
		return false;
	return event ? wanted & 1U << (event - events) : !wanted_text;
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
	if (net_has(o, KGIL_A_OBJECT_WAITER))
		printf(", thread id %llu", (unsigned long long)o->waiter);
	if (net_has(o, KGIL_A_OBJECT_WAITING))
		printf(" for %s", out_time(o->waiting_ns).s);
	if (net_has(o, KGIL_A_OBJECT_BLOCKED))
		printf(", for %s", out_time(o->blocked_ns).s);
	if (net_has(o, KGIL_A_OBJECT_POLICY))
		printf(", policy %s", net_policy_name(o->policy).s);
	if (net_has(o, KGIL_A_OBJECT_INTERVAL))
		printf(", interval %s", out_time(o->interval_ns).s);
	if (net_has(o, KGIL_A_OBJECT_HANDOFF))
		printf(", hand-off %s", out_time(o->handoff_ns).s);
	if (net_has(o, KGIL_A_OBJECT_THRESHOLD) && o->threshold_ns)
		printf(", threshold %s", out_time(o->threshold_ns).s);
	if (net_has(o, KGIL_A_OBJECT_AWAY_THRESHOLD) && o->away_threshold_ns)
		printf(", away %s", out_time(o->away_threshold_ns).s);
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
	if (!is_wanted(genl->cmd, &object))
		return NL_OK;
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
	status = parse_wanted();
	if (status)
		return status;
	setvbuf(stdout, NULL, _IOLBF, 0);
	status = net_open(&m.client);
	if (status)
		return status;
	status = net_subscribe(&m.client, wants_group(false), wants_group(true));
	if (!status) {
		nl_socket_modify_cb(m.client.sock, NL_CB_VALID, NL_CB_CUSTOM, on_event, &m);
		status = monitor(&m);
	}
	net_close(&m.client);
	return status;
}
