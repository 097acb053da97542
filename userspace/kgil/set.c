// SPDX-License-Identifier: GPL-2.0
/*
 * kgil set: change the settings of an object.
 */
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "cmd.h"
#include "err.h"
#include "net.h"
#include "opt.h"
#include "out.h"

/* What no option was given for. */
#define UNSET UINT64_MAX

static const char *const policies[] = { "fair", "fifo", NULL };
static const unsigned int policy_numbers[] = { KGIL_POLICY_FAIR, KGIL_POLICY_FIFO };

static unsigned int policy = UINT32_MAX;
static uint64_t interval = UNSET, handoff = UNSET, threshold = UNSET, away = UNSET;

static const struct opt options[] = {
	{ "policy", 'y', OPT_CHOICE, &policy, .arg = "POLICY", .words = policies,
	  .help = "gil: which waiter is next: fair (who has held it least) or fifo" },
	{ "interval", 'I', OPT_TIME, &interval, .arg = "TIME", .min = KGIL_INTERVAL_MIN,
	  .max = KGIL_INTERVAL_MAX, .unit = OPT_US,
	  .help = "gil: switch interval, 10us to 1s" },
	{ "handoff", 'f', OPT_TIME, &handoff, .arg = "TIME", .min = KGIL_HANDOFF_AT_ONCE,
	  .max = KGIL_HANDOFF_MAX, .unit = OPT_US,
	  .help = "sem, lock, rlock: how long a waiter may be passed over, 1ns to 1s" },
	{ "threshold", 't', OPT_TIME, &threshold, .arg = "TIME", .min = 0,
	  .max = KGIL_THRESHOLD_MAX, .unit = OPT_MS,
	  .help = "report waits longer than this to kgil monitor, 1us to 1000s; 0: none" },
	{ "away", 'a', OPT_TIME, &away, .arg = "TIME", .min = 0, .max = KGIL_THRESHOLD_MAX,
	  .unit = OPT_MS,
	  .help = "gil: measure how long the owner is blocked or preempted while others wait, and "
		  "report if it is blocked for longer than this, 1us to 1000s; 0: don't" },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "set",
	.operands = "ID|NAME",
	.about = "Change the settings of an object: all that are given, or none. ID is its number\n"
		 "in 'kgil ls', NAME its name. Only the user who created it, and root, may.",
	.opts = options,
	.operands_min = 1,
	.operands_max = 1,
};

static int check(const struct net_object *o)
{
	bool gil = o->type == KGIL_TYPE_GIL;
	const char *wrong = NULL;

	if (!gil && policy != UINT32_MAX)
		wrong = "policy";
	else if (!gil && interval != UNSET)
		wrong = "interval";
	else if (!gil && away != UNSET)
		wrong = "away";
	else if (gil && handoff != UNSET)
		wrong = "handoff";
	if (wrong)
		return err_usage("--%s: object %llu is a %s, which has no such setting", wrong,
				 (unsigned long long)o->id, net_type_name(o->type).s);
	return STATUS_OK;
}

static int put(struct nl_msg *msg, uint64_t id)
{
	int err = nla_put_u64(msg, KGIL_A_OBJECT_ID, id);

	if (!err && policy != UINT32_MAX)
		err = nla_put_u32(msg, KGIL_A_OBJECT_POLICY, policy_numbers[policy]);
	if (!err && interval != UNSET)
		err = nla_put_u64(msg, KGIL_A_OBJECT_INTERVAL, interval);
	if (!err && handoff != UNSET)
		err = nla_put_u64(msg, KGIL_A_OBJECT_HANDOFF, handoff);
	if (!err && threshold != UNSET)
		err = nla_put_u64(msg, KGIL_A_OBJECT_THRESHOLD, threshold);
	if (!err && away != UNSET)
		err = nla_put_u64(msg, KGIL_A_OBJECT_AWAY_THRESHOLD, away);
	return err;
}

/* Returns an error of libnl. */
static int request(struct net_client *client, uint64_t id)
{
	struct nl_msg *msg = nlmsg_alloc();
	int err = -NLE_NOMEM;

	if (msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, client->family, 0, 0,
			       KGIL_CMD_OBJECT_SET, KGIL_GENL_VERSION))
		err = put(msg, id);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	/* Frees the message. */
	return nl_send_sync(client->sock, msg);
}

static int set(struct net_client *client, const struct net_object *o)
{
	int err, status = check(o);

	if (status)
		return status;
	err = request(client, o->id);
	if (err == -NLE_PERM) {
		err_print("object %llu: no permission; only the user who created it, and root, "
			  "may change it",
			  (unsigned long long)o->id);
		return STATUS_NO_PERMISSION;
	}
	return err < 0 ? net_error(err, "change the object") : STATUS_OK;
}

int cmd_set(int argc, char **argv)
{
	struct net_client client;
	struct net_object object;
	int first, status;
	uint64_t id;

	first = opt_parse(&spec, argc, argv);
	if (policy == UINT32_MAX && interval == UNSET && handoff == UNSET && threshold == UNSET &&
	    away == UNSET)
		return err_usage("nothing to set; see: kgil set --help");
	if (threshold && threshold < KGIL_THRESHOLD_MIN)
		return err_usage("--threshold: it is 0, or 1us to 1000s");
	if (away && away < KGIL_THRESHOLD_MIN)
		return err_usage("--away: it is 0, or 1us to 1000s");
	status = net_parse_operand(argv[first], &id);
	if (!status)
		status = net_open(&client);
	if (status)
		return status;
	status = net_get_operand(&client, argv[first], id, &object);
	if (!status)
		status = set(&client, &object);
	net_close(&client);
	return status;
}
