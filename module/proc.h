/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/kgil */
#ifndef _KGIL_PROC_H
#define _KGIL_PROC_H

#include <linux/seq_file.h>
#include <linux/types.h>

#include "threads.h"

struct kgil_object;
struct net;
struct pid_namespace;

/**
 * struct kgil_reader - an open file
 * @net: of its opener; f_cred is what else is kept of that; a reference
 * @object: threads: the object that it is at
 * @place: threads: the place of the thread in it
 * @obj: threads: a reference, from start or next to stop
 * @view: threads: likewise
 */
struct kgil_reader {
	struct net *net;
	u64 object;
	u64 place;
	struct kgil_object *obj;
	struct kgil_thread_view view;
};

struct pid_namespace *kgil_reader_pids(struct seq_file *m);
void kgil_show_names(struct seq_file *m);
void kgil_show_number(struct seq_file *m, bool there, u64 number);
void kgil_show_text(struct seq_file *m, const char *text);
void kgil_show_counters(struct seq_file *m, bool there,
			const struct kgil_stats *stats,
			const struct kgil_times *times);

int kgil_threads_show(struct seq_file *m, void *v);
void *kgil_threads_start(struct seq_file *m, loff_t *pos);
void *kgil_threads_next_record(struct seq_file *m, void *v, loff_t *pos);
void kgil_threads_stop(struct seq_file *m, void *v);

int kgil_proc_init(void);
void kgil_proc_exit(void);

#endif /* _KGIL_PROC_H */
