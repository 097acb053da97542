// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/kgil/stat and /proc/kgil/objects: the objects of the reader's network
 * namespace.  docs/proc.md says what each line and column means; a change of
 * meaning changes the number in the first line, a new one goes to the end.
 */
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "object.h"
#include "owner.h"
#include "proc.h"
#include "view.h"

/* The counters, by the same names and in the same order in both files. */
static const char * const kgil_stat_names[] = {
	"acquisitions", "contentions", "wait_total_ns", "wait_max_ns",
	"hold_total_ns", "hold_max_ns", "switches", "yields", "drop_requests",
	"timeouts", "interrupts", "owner_deaths",
};

#define KGIL_NR_STATS	(sizeof(struct kgil_stats) / sizeof(u64))

static_assert(ARRAY_SIZE(kgil_stat_names) == KGIL_NR_STATS);

static struct proc_dir_entry *kgil_proc_dir;

static const struct net *kgil_reader_net(void)
{
	return current->nsproxy->net_ns;
}

static int kgil_stat_show(struct seq_file *m, void *v)
{
	struct kgil_totals totals;
	const u64 *counter = (const u64 *)&totals.stats;
	unsigned int i;

	kgil_object_totals(current->nsproxy->net_ns, &totals);
	seq_puts(m, "kgil stat 1\n");
	seq_printf(m, "objects %llu\n", totals.objects);
	seq_printf(m, "created %llu\n", totals.created);
	seq_printf(m, "waiters %llu\n", totals.waiters);
	seq_printf(m, "threads %u\n", kgil_threads());
	for (i = 0; i < KGIL_NR_STATS; i++)
		seq_printf(m, "%s %llu\n", kgil_stat_names[i], counter[i]);
	return 0;
}

static bool kgil_may_see(const struct file *file, const struct kgil_object *obj)
{
	return uid_eq(file->f_cred->euid, obj->cred->euid) ||
	       file_ns_capable(file, obj->cred->user_ns, CAP_SYS_ADMIN);
}

static void kgil_show_number(struct seq_file *m, bool there, u64 number)
{
	if (there)
		seq_printf(m, " %llu", number);
	else
		seq_puts(m, " -");
}

static void kgil_show_owner(struct seq_file *m, const struct kgil_view *view)
{
	kgil_show_number(m, view->state.owner, view->state.owner);
	kgil_show_number(m, view->state.owner_pid, view->state.owner_pid);
	kgil_show_number(m, view->state.owner_tid, view->state.owner_tid);
	seq_putc(m, ' ');
	if (view->comm[0])
		seq_escape(m, view->comm, " \t\n\\");
	else
		seq_putc(m, '-');
}

static void kgil_show_state(struct seq_file *m, const struct kgil_state *state)
{
	bool gil = state->type == KGIL_TYPE_GIL;

	seq_printf(m, " %u %u %u %u", state->depth, state->count, state->max,
		   state->waiters);
	if (gil)
		seq_puts(m, " fifo");
	else
		seq_puts(m, " -");
	kgil_show_number(m, gil, state->interval_ns);
	seq_printf(m, " %#x", state->flags);
}

static void kgil_show_head(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "kgil objects 1\n");
	seq_puts(m, "id type owner owner_pid owner_tid owner_comm uid depth");
	seq_puts(m, " count max waiters policy interval_ns flags");
	for (i = 0; i < KGIL_NR_STATS; i++)
		seq_printf(m, " %s", kgil_stat_names[i]);
	seq_putc(m, '\n');
}

static int kgil_objects_show(struct seq_file *m, void *v)
{
	struct kgil_object *obj = v;
	struct kgil_view view;
	const u64 *counter = (const u64 *)&view.stats;
	unsigned int i;

	if (v == SEQ_START_TOKEN) {
		kgil_show_head(m);
		return 0;
	}
	kgil_view(obj, kgil_may_see(m->file, obj) ?
		       task_active_pid_ns(current) : NULL, &view);
	seq_printf(m, "%llu %s", obj->id, kgil_type_name(obj->type));
	kgil_show_owner(m, &view);
	seq_printf(m, " %u", from_kuid_munged(seq_user_ns(m), obj->cred->euid));
	kgil_show_state(m, &view.state);
	for (i = 0; i < KGIL_NR_STATS; i++)
		seq_printf(m, " %llu", counter[i]);
	seq_putc(m, '\n');
	return 0;
}

/* The position is the id of the next object; 0: the head. */
static void *kgil_objects_find(loff_t *pos)
{
	struct kgil_object *obj = kgil_object_next(kgil_reader_net(), *pos);

	if (obj)
		*pos = obj->id;
	return obj;
}

static void *kgil_objects_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? kgil_objects_find(pos) : SEQ_START_TOKEN;
}

static void kgil_objects_stop(struct seq_file *m, void *v)
{
	if (v && v != SEQ_START_TOKEN)
		kgil_object_put(v);
}

static void *kgil_objects_next(struct seq_file *m, void *v, loff_t *pos)
{
	kgil_objects_stop(m, v);
	++*pos;
	return kgil_objects_find(pos);
}

static const struct seq_operations kgil_objects_ops = {
	.start = kgil_objects_start,
	.next = kgil_objects_next,
	.stop = kgil_objects_stop,
	.show = kgil_objects_show,
};

int kgil_proc_init(void)
{
	kgil_proc_dir = proc_mkdir("kgil", NULL);
	if (!kgil_proc_dir)
		return -ENOMEM;
	if (proc_create_single("stat", 0444, kgil_proc_dir, kgil_stat_show) &&
	    proc_create_seq("objects", 0444, kgil_proc_dir, &kgil_objects_ops))
		return 0;
	kgil_proc_exit();
	return -ENOMEM;
}

void kgil_proc_exit(void)
{
	proc_remove(kgil_proc_dir);
}
