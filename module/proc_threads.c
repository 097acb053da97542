// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/kgil/threads: a record for each thread and object.  A read that goes on
 * does so at the object and the place in it where the last one ended.
 */
#include <linux/pid_namespace.h>
#include <linux/sched.h>

#include "access.h"
#include "object.h"
#include "proc.h"
#include "register.h"
#include "threads.h"

static void kgil_threads_head(struct seq_file *m)
{
	seq_puts(m, "kgil threads 1\n");
	seq_puts(m, "object thread pid tid comm state held_ns");
	kgil_show_names(m);
	seq_putc(m, '\n');
}

/* Nothing of a thread that has no pid for the reader, or is not to be seen. */
static void kgil_threads_task(struct seq_file *m,
			      const struct kgil_reader *reader)
{
	bool seen = kgil_may_see(m->file, reader->obj);
	struct pid_namespace *pids = kgil_reader_pids(m);
	struct task_struct *task = reader->view.task;
	u32 tid = seen ? task_pid_nr_ns(task, pids) : 0;
	char comm[TASK_COMM_LEN] = "";

	kgil_show_number(m, tid, tid ? task_tgid_nr_ns(task, pids) : 0);
	kgil_show_number(m, tid, tid);
	if (tid)
		get_task_comm(comm, task);
	kgil_show_text(m, comm);
}

int kgil_threads_show(struct seq_file *m, void *v)
{
	const struct kgil_reader *reader = m->private;
	const struct kgil_thread_view *view = &reader->view;

	if (v == SEQ_START_TOKEN) {
		kgil_threads_head(m);
		return 0;
	}
	seq_printf(m, "%llu", reader->obj->id);
	kgil_show_number(m, view->id, view->id);
	kgil_threads_task(m, reader);
	seq_printf(m, " %s", kgil_thread_state_name(view->state));
	kgil_show_number(m, view->held, view->held);
	/* The kernel keeps no record of a thread and a sem or lock. */
	kgil_show_counters(m, view->id, &view->stats, &view->times);
	seq_putc(m, '\n');
	return 0;
}

/* The first record from where the reader is; NULL: there is none. */
static void *kgil_threads_find(struct kgil_reader *reader)
{
	struct kgil_object *obj;

	while ((obj = kgil_register_next(reader->net, reader->object))) {
		if (obj->id != reader->object) {
			reader->object = obj->id;
			reader->place = 0;
		}
		if (kgil_threads_next(obj, reader->place, &reader->view)) {
			reader->place = reader->view.at;
			reader->obj = obj;
			return &reader->view;
		}
		reader->object++;
		reader->place = 0;
		kgil_object_put(obj);
		cond_resched();
	}
	return NULL;
}

void *kgil_threads_start(struct seq_file *m, loff_t *pos)
{
	struct kgil_reader *reader = m->private;

	if (*pos)
		return kgil_threads_find(reader);
	reader->object = 0;
	reader->place = 0;
	return SEQ_START_TOKEN;
}

void kgil_threads_stop(struct seq_file *m, void *v)
{
	struct kgil_reader *reader = m->private;

	if (!v || v == SEQ_START_TOKEN)
		return;
	kgil_threads_put(&reader->view);
	kgil_object_put(reader->obj);
}

void *kgil_threads_next_record(struct seq_file *m, void *v, loff_t *pos)
{
	struct kgil_reader *reader = m->private;

	kgil_threads_stop(m, v);
	++*pos;
	if (v != SEQ_START_TOKEN)
		reader->place++;
	return kgil_threads_find(reader);
}
