// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/kgil/stat, objects, threads and hist: the objects of the network
 * namespace of who opened the file.  docs/proc.md says what each line and column means; a
 * change of meaning changes the number in the first line, a new one goes to the
 * end.
 */
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string_helpers.h>

#include "access.h"
#include "name.h"
#include "object.h"
#include "proc.h"
#include "register.h"
#include "view.h"

/* The counters, by the same names and in the same order in both files. */
static const char * const kgil_stat_names[] = {
	"acquisitions", "contentions", "wait_total_ns", "wait_max_ns",
	"hold_total_ns", "hold_max_ns", "switches", "yields", "drop_requests",
	"timeouts", "interrupts", "owner_deaths", "deadlocks", "unchecked",
};

#define KGIL_NR_STATS	(sizeof(struct kgil_stats) / sizeof(u64))

static_assert(ARRAY_SIZE(kgil_stat_names) == KGIL_NR_STATS);

/* Of struct kgil_times, likewise, what comes before the histograms. */
static const char * const kgil_times_names[] = {
	"waits", "wait_min_ns", "holds", "hold_min_ns", "heeds",
	"heed_total_ns", "heed_max_ns", "waiting_ns",
};

/* Of struct kgil_away, in its order. */
static const char * const kgil_away_names[] = {
	"blocks", "blocked_total_ns", "blocked_max_ns", "preemptions",
	"preempted_total_ns", "preempted_max_ns", "missed",
	"away_threshold_ns",
};

static_assert(ARRAY_SIZE(kgil_away_names) ==
	      sizeof(struct kgil_away) / sizeof(u64));

#define KGIL_NR_TIMES	(offsetof(struct kgil_times, wait) / sizeof(u64))

static_assert(ARRAY_SIZE(kgil_times_names) == KGIL_NR_TIMES);

static struct proc_dir_entry *kgil_proc_dir;

static struct net *kgil_reader_net(struct seq_file *m)
{
	const struct kgil_reader *reader = m->private;

	return reader->net;
}

/* The pids are those of the /proc that is read. */
struct pid_namespace *kgil_reader_pids(struct seq_file *m)
{
	return proc_pid_ns(file_inode(m->file)->i_sb);
}

/* /proc/kgil/stat: one record. */
static void *kgil_stat_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? NULL : SEQ_START_TOKEN;
}

static void *kgil_stat_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return NULL;
}

static void kgil_stat_stop(struct seq_file *m, void *v)
{
}

static int kgil_stat_show(struct seq_file *m, void *v)
{
	struct kgil_totals totals;
	const u64 *counter = (const u64 *)&totals.stats;
	unsigned int i;

	kgil_register_totals(kgil_reader_net(m), &totals);
	seq_puts(m, "kgil stat 1\n");
	seq_printf(m, "objects %llu\n", totals.objects);
	seq_printf(m, "created %llu\n", totals.created);
	seq_printf(m, "waiters %llu\n", totals.waiters);
	for (i = 0; i < KGIL_NR_STATS; i++)
		seq_printf(m, "%s %llu\n", kgil_stat_names[i], counter[i]);
	seq_printf(m, "waits %llu\n", totals.waits);
	seq_printf(m, "holds %llu\n", totals.holds);
	return 0;
}

static const struct seq_operations kgil_stat_ops = {
	.start = kgil_stat_start,
	.next = kgil_stat_next,
	.stop = kgil_stat_stop,
	.show = kgil_stat_show,
};

static void kgil_show_times_names(struct seq_file *m)
{
	unsigned int i;

	for (i = 0; i < KGIL_NR_TIMES; i++)
		seq_printf(m, " %s", kgil_times_names[i]);
}

/* The names of the counters and times; a space before each. */
void kgil_show_names(struct seq_file *m)
{
	unsigned int i;

	for (i = 0; i < KGIL_NR_STATS; i++)
		seq_printf(m, " %s", kgil_stat_names[i]);
	kgil_show_times_names(m);
}

/* /proc/kgil/objects: the head, then a record for each object. */
static void kgil_show_head(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "kgil objects 1\n");
	seq_puts(m, "id type owner owner_pid owner_tid owner_comm uid depth");
	seq_puts(m, " count max waiters policy interval_ns flags");
	for (i = 0; i < KGIL_NR_STATS; i++)
		seq_printf(m, " %s", kgil_stat_names[i]);
	seq_puts(m, " handoff_ns name mode gid");
	kgil_show_times_names(m);
	seq_puts(m, " threshold_ns");
	for (i = 0; i < ARRAY_SIZE(kgil_away_names); i++)
		seq_printf(m, " %s", kgil_away_names[i]);
	seq_putc(m, '\n');
}

void kgil_show_number(struct seq_file *m, bool there, u64 number)
{
	if (there)
		seq_printf(m, " %llu", number);
	else
		seq_puts(m, " -");
}

/* Any byte that could be taken for something else is escaped. */
void kgil_show_text(struct seq_file *m, const char *text)
{
	seq_putc(m, ' ');
	if (!text[0])
		seq_putc(m, '-');
	else if (!strcmp(text, "-"))
		seq_puts(m, "\\055");
	else
		seq_escape_mem(m, text, strlen(text), ESCAPE_OCTAL |
			       ESCAPE_NAP | ESCAPE_APPEND, " \\");
}

static void kgil_show_numbers(struct seq_file *m, bool there, unsigned int n,
			      const u64 *numbers)
{
	while (n--)
		kgil_show_number(m, there, *numbers++);
}

/* What kgil_show_names() names; @there: all is known, not only who waits. */
void kgil_show_counters(struct seq_file *m, bool there,
			const struct kgil_stats *stats,
			const struct kgil_times *times)
{
	kgil_show_numbers(m, there, KGIL_NR_STATS, (const u64 *)stats);
	kgil_show_numbers(m, there, KGIL_NR_TIMES - 1, (const u64 *)times);
	kgil_show_number(m, true, times->waiting_ns);
}

static void kgil_show_owner(struct seq_file *m, const struct kgil_view *view)
{
	kgil_show_number(m, view->state.owner, view->state.owner);
	kgil_show_number(m, view->state.owner_pid, view->state.owner_pid);
	kgil_show_number(m, view->state.owner_tid, view->state.owner_tid);
	kgil_show_text(m, view->comm);
}

static void kgil_show_state(struct seq_file *m, const struct kgil_state *state)
{
	bool gil = state->type == KGIL_TYPE_GIL;

	seq_printf(m, " %u %u %u %u %s", state->depth, state->count, state->max,
		   state->waiters, gil ? kgil_policy_name(state->policy) : "-");
	kgil_show_number(m, gil, state->interval_ns);
	seq_printf(m, " %#x", state->flags);
}

static void kgil_show_name(struct seq_file *m, const struct kgil_object *obj,
			   bool seen)
{
	if (!seen || !obj->name) {
		seq_puts(m, " - - -");
		return;
	}
	kgil_show_text(m, obj->name->text);
	seq_printf(m, " %04o %u", obj->name->mode,
		   from_kgid_munged(seq_user_ns(m), obj->cred->egid));
}

static int kgil_objects_show(struct seq_file *m, void *v)
{
	struct kgil_object *obj = v;
	struct kgil_view view;
	bool seen;

	if (v == SEQ_START_TOKEN) {
		kgil_show_head(m);
		return 0;
	}
	seen = kgil_may_see(m->file, obj);
	kgil_view(obj, seen ? kgil_reader_pids(m) : NULL, &view);
	seq_printf(m, "%llu %s", obj->id, kgil_type_name(obj->type));
	kgil_show_owner(m, &view);
	seq_printf(m, " %u", from_kuid_munged(seq_user_ns(m), obj->cred->euid));
	kgil_show_state(m, &view.state);
	kgil_show_numbers(m, true, KGIL_NR_STATS, (const u64 *)&view.stats);
	kgil_show_number(m, view.state.handoff_ns, view.state.handoff_ns);
	kgil_show_name(m, obj, seen);
	kgil_show_numbers(m, true, KGIL_NR_TIMES, (const u64 *)&view.times);
	seq_printf(m, " %llu", view.threshold);
	kgil_show_numbers(m, kgil_is_gil(obj), ARRAY_SIZE(kgil_away_names),
			  (const u64 *)&view.away);
	seq_putc(m, '\n');
	return 0;
}

/* The position is the id of the next object; 0: the head. */
static void *kgil_objects_find(struct seq_file *m, loff_t *pos)
{
	struct kgil_object *obj = kgil_register_next(kgil_reader_net(m), *pos);

	if (obj)
		*pos = obj->id;
	return obj;
}

static void *kgil_objects_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? kgil_objects_find(m, pos) : SEQ_START_TOKEN;
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
	return kgil_objects_find(m, pos);
}

static const struct seq_operations kgil_objects_ops = {
	.start = kgil_objects_start,
	.next = kgil_objects_next,
	.stop = kgil_objects_stop,
	.show = kgil_objects_show,
};

/* /proc/kgil/hist: two records for each object; the columns are the buckets. */
static void kgil_hist_head(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "kgil hist 1\nid what 0");
	for (i = 1; i < KGIL_HIST_BUCKETS; i++)
		seq_printf(m, " %llu", 1ULL << (KGIL_HIST_SHIFT + i - 1));
	seq_putc(m, '\n');
}

static void kgil_hist_row(struct seq_file *m, u64 id, const char *what,
			  const u64 *hist)
{
	unsigned int i;

	seq_printf(m, "%llu %s", id, what);
	for (i = 0; i < KGIL_HIST_BUCKETS; i++)
		seq_printf(m, " %llu", hist[i]);
	seq_putc(m, '\n');
}

static int kgil_hist_show(struct seq_file *m, void *v)
{
	struct kgil_object *obj = v;
	struct kgil_times times;

	if (v == SEQ_START_TOKEN) {
		kgil_hist_head(m);
		return 0;
	}
	kgil_view_times(obj, &times);
	kgil_hist_row(m, obj->id, "wait", times.wait);
	kgil_hist_row(m, obj->id, "hold", times.hold);
	return 0;
}

static const struct seq_operations kgil_hist_ops = {
	.start = kgil_objects_start,
	.next = kgil_objects_next,
	.stop = kgil_objects_stop,
	.show = kgil_hist_show,
};

static int kgil_proc_open(struct file *file, const struct seq_operations *ops)
{
	struct kgil_reader *reader = __seq_open_private(file, ops,
							sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->net = get_net(current->nsproxy->net_ns);
	return 0;
}

static int kgil_proc_release(struct inode *inode, struct file *file)
{
	put_net(kgil_reader_net(file->private_data));
	return seq_release_private(inode, file);
}

static int kgil_stat_open(struct inode *inode, struct file *file)
{
	return kgil_proc_open(file, &kgil_stat_ops);
}

static int kgil_objects_open(struct inode *inode, struct file *file)
{
	return kgil_proc_open(file, &kgil_objects_ops);
}

static int kgil_hist_open(struct inode *inode, struct file *file)
{
	return kgil_proc_open(file, &kgil_hist_ops);
}

static const struct proc_ops kgil_stat_proc_ops = {
	.proc_open = kgil_stat_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = kgil_proc_release,
};

static const struct proc_ops kgil_objects_proc_ops = {
	.proc_open = kgil_objects_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = kgil_proc_release,
};

static const struct seq_operations kgil_threads_ops = {
	.start = kgil_threads_start,
	.next = kgil_threads_next_record,
	.stop = kgil_threads_stop,
	.show = kgil_threads_show,
};

static int kgil_threads_open(struct inode *inode, struct file *file)
{
	return kgil_proc_open(file, &kgil_threads_ops);
}

static const struct proc_ops kgil_threads_proc_ops = {
	.proc_open = kgil_threads_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = kgil_proc_release,
};

static const struct proc_ops kgil_hist_proc_ops = {
	.proc_open = kgil_hist_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = kgil_proc_release,
};

int __init kgil_proc_init(void)
{
	kgil_proc_dir = proc_mkdir("kgil", NULL);
	if (!kgil_proc_dir)
		return -ENOMEM;
	if (proc_create("stat", 0444, kgil_proc_dir, &kgil_stat_proc_ops) &&
	    proc_create("objects", 0444, kgil_proc_dir,
			&kgil_objects_proc_ops) &&
	    proc_create("threads", 0444, kgil_proc_dir,
			&kgil_threads_proc_ops) &&
	    proc_create("hist", 0444, kgil_proc_dir, &kgil_hist_proc_ops))
		return 0;
	kgil_proc_exit();
	return -ENOMEM;
}

void kgil_proc_exit(void)
{
	proc_remove(kgil_proc_dir);
}
