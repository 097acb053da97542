// SPDX-License-Identifier: GPL-2.0
/*
 * The descriptor of an object: its commands, its mapping, its end.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/overflow.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/time_namespace.h>
#include <linux/uaccess.h>

#include "access.h"
#include "away.h"
#include "file.h"
#include "gil.h"
#include "lock.h"
#include "name.h"
#include "netlink.h"
#include "object.h"
#include "owner.h"
#include "page.h"
#include "poll.h"
#include "register.h"
#include "sem.h"
#include "settings.h"
#include "view.h"
#include "wait.h"

static __always_inline int kgil_acquire(struct kgil_object *obj,
					ktime_t deadline)
{
	switch (obj->type) {
	case KGIL_TYPE_GIL:
		return kgil_gil_acquire(obj, deadline);
	case KGIL_TYPE_RLOCK:
		return kgil_rlock_acquire(obj, deadline);
	default:
		return kgil_sem_acquire(obj, deadline);
	}
}

static int kgil_release(struct kgil_object *obj)
{
	switch (obj->type) {
	case KGIL_TYPE_GIL:
		return kgil_gil_release(obj);
	case KGIL_TYPE_RLOCK:
		return kgil_rlock_release(obj);
	case KGIL_TYPE_LOCK:
		return kgil_lock_release(obj);
	default:
		return kgil_sem_release(obj);
	}
}

/* From the clock of the caller's time namespace to the kernel's. */
static ktime_t kgil_host_time(u64 ns)
{
	struct timespec64 offset = {};
	s64 host;

	timens_add_monotonic(&offset);
	if (check_sub_overflow((s64)ns, timespec64_to_ns(&offset), &host))
		return KGIL_FOREVER;
	return max_t(s64, host, 0);
}

static int kgil_acquire_until(struct kgil_object *obj, void __user *arg)
{
	struct kgil_until until;

	if (copy_from_user(&until, arg, sizeof(until)))
		return -EFAULT;
	if (until.flags || until.pad || until.deadline_ns > S64_MAX)
		return -EINVAL;
	return kgil_acquire(obj, kgil_host_time(until.deadline_ns));
}

/* Set one thing, which is a u64 but for the policy. */
static int kgil_set(struct kgil_object *obj, u32 which, void __user *arg)
{
	struct kgil_settings set = { .given = which };
	u64 value = 0;

	if (kgil_settings_wrong_type(obj, which))
		return -ENOTTY;
	if (which == KGIL_SET_POLICY) {
		if (get_user(set.policy, (u32 __user *)arg))
			return -EFAULT;
	} else if (copy_from_user(&value, arg, sizeof(value))) {
		return -EFAULT;
	}
	set.interval = value;
	set.handoff = value;
	set.threshold = value;
	set.away = value;
	return kgil_settings_apply(obj, &set);
}

static int kgil_thread(u64 __user *arg)
{
	u64 id;
	int err = kgil_thread_id(&id);

	return err ?: put_user(id, arg);
}

static int kgil_attach(struct kgil_object *obj, u64 __user *arg)
{
	struct kgil_tie *tie;

	if (!kgil_is_owned(obj))
		return -ENOTTY;
	tie = kgil_tie(obj);
	if (IS_ERR(tie))
		return PTR_ERR(tie);
	return put_user(tie->id, arg);
}

static int kgil_get_state(struct kgil_object *obj, void __user *arg)
{
	struct kgil_view view;

	kgil_view(obj, task_active_pid_ns(current), &view);
	if (view.state.owner && kgil_thread_is_mine(view.state.owner))
		view.state.flags |= KGIL_STATE_MINE;
	return copy_to_user(arg, &view.state, sizeof(view.state)) ? -EFAULT : 0;
}

static int kgil_get_stats(struct kgil_object *obj, void __user *arg)
{
	struct kgil_view view;

	kgil_view(obj, NULL, &view);
	return copy_to_user(arg, &view.stats, sizeof(view.stats)) ? -EFAULT : 0;
}

static noinline_for_stack int kgil_get_times(struct kgil_object *obj,
					     void __user *arg)
{
	struct kgil_times times;

	kgil_view_times(obj, &times);
	return copy_to_user(arg, &times, sizeof(times)) ? -EFAULT : 0;
}

static int kgil_get_away(struct kgil_object *obj, void __user *arg)
{
	struct kgil_away away = {};

	if (!kgil_is_gil(obj))
		return -ENOTTY;
	raw_spin_lock(&obj->lock);
	kgil_away_read(obj, &away);
	raw_spin_unlock(&obj->lock);
	return copy_to_user(arg, &away, sizeof(away)) ? -EFAULT : 0;
}

static bool kgil_is_setting(unsigned int cmd)
{
	return cmd == KGIL_IOC_SET_INTERVAL || cmd == KGIL_IOC_SET_POLICY ||
	       cmd == KGIL_IOC_SET_HANDOFF || cmd == KGIL_IOC_SET_THRESHOLD ||
	       cmd == KGIL_IOC_SET_AWAY;
}

static long kgil_ioctl_set(struct kgil_object *obj, unsigned int cmd,
			   void __user *arg)
{
	switch (cmd) {
	case KGIL_IOC_SET_INTERVAL:
		return kgil_set(obj, KGIL_SET_INTERVAL, arg);
	case KGIL_IOC_SET_POLICY:
		return kgil_set(obj, KGIL_SET_POLICY, arg);
	case KGIL_IOC_SET_HANDOFF:
		return kgil_set(obj, KGIL_SET_HANDOFF, arg);
	case KGIL_IOC_SET_AWAY:
		return kgil_set(obj, KGIL_SET_AWAY, arg);
	default:
		return kgil_set(obj, KGIL_SET_THRESHOLD, arg);
	}
}

/* Commands that change nothing. */
static long kgil_ioctl_look(struct kgil_object *obj, unsigned int cmd,
			    void __user *arg)
{
	switch (cmd) {
	case KGIL_IOC_STATE:
		return kgil_get_state(obj, arg);
	case KGIL_IOC_STATS:
		return kgil_get_stats(obj, arg);
	case KGIL_IOC_TIMES:
		return kgil_get_times(obj, arg);
	case KGIL_IOC_AWAY:
		return kgil_get_away(obj, arg);
	case KGIL_IOC_THREAD:
		return kgil_thread(arg);
	default:
		return -ENOTTY;
	}
}

/* Apart from the hot ones, so that these need no room on the stack. */
static noinline long kgil_ioctl_arg(struct file *file, unsigned int cmd,
				    void __user *arg)
{
	struct kgil_object *obj = file->private_data;

	if (cmd == KGIL_IOC_ACQUIRE_UNTIL)
		return kgil_acquire_until(obj, arg);
	if (cmd == KGIL_IOC_ATTACH)
		return kgil_attach(obj, arg);
	if (!kgil_is_setting(cmd))
		return kgil_ioctl_look(obj, cmd, arg);
	if (!kgil_may_set(file, obj))
		return -EACCES;
	return kgil_ioctl_set(obj, cmd, arg);
}

/* The hot commands copy nothing. */
static long kgil_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct kgil_object *obj = file->private_data;

	switch (cmd) {
	case KGIL_IOC_ACQUIRE:
		return arg ? -EINVAL : kgil_acquire(obj, KGIL_FOREVER);
	case KGIL_IOC_TRY_ACQUIRE:
		return arg ? -EINVAL : kgil_acquire(obj, KGIL_TRY);
	case KGIL_IOC_RELEASE:
		return arg ? -EINVAL : kgil_release(obj);
	case KGIL_IOC_YIELD:
		if (!kgil_is_gil(obj))
			return -ENOTTY;
		return arg ? -EINVAL : kgil_gil_yield(obj);
	default:
		return kgil_ioctl_arg(file, cmd, (void __user *)arg);
	}
}

/* Of a read-only descriptor. */
static long kgil_read_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	switch (cmd) {
	case KGIL_IOC_ACQUIRE:
	case KGIL_IOC_TRY_ACQUIRE:
	case KGIL_IOC_ACQUIRE_UNTIL:
	case KGIL_IOC_RELEASE:
	case KGIL_IOC_YIELD:
	case KGIL_IOC_ATTACH:
		return -EACCES;
	default:
		if (kgil_is_setting(cmd))
			return -EACCES;
		return kgil_ioctl_look(file->private_data, cmd,
				       (void __user *)arg);
	}
}

static __poll_t kgil_file_poll(struct file *file, poll_table *table)
{
	return kgil_poll(file->private_data, file, table);
}

static int kgil_mmap(struct file *file, struct vm_area_struct *vma)
{
	return kgil_page_map(file->private_data, vma);
}

/* A close; exec closes too, and is then the end of the old program. */
static int kgil_flush(struct file *file, fl_owner_t files)
{
	/* Not the table that exec has just ceased to share. */
	if (current->in_execve && files == current->files)
		kgil_owner_execs(file->private_data);
	return 0;
}

static int kgil_file_release(struct inode *inode, struct file *file)
{
	struct kgil_object *obj = file->private_data;

	kgil_name_close(obj);
	kgil_object_put(obj);
	return 0;
}

static void kgil_show_fdinfo(struct seq_file *m, struct file *file)
{
	const struct kgil_object *obj = file->private_data;
	struct kgil_view view;

	kgil_view(file->private_data, NULL, &view);
	seq_printf(m, "kgil-id:\t%llu\nkgil-type:\t%s\nkgil-waiters:\t%u\n",
		   view.state.id, kgil_type_name(view.state.type),
		   view.state.waiters);
	if (obj->name)
		seq_printf(m, "kgil-name:\t%s\n", obj->name->text);
}

static const struct file_operations kgil_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = kgil_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = kgil_file_poll,
	.mmap = kgil_mmap,
	.flush = kgil_flush,
	.release = kgil_file_release,
	.show_fdinfo = kgil_show_fdinfo,
	.llseek = noop_llseek,
};

/* Two tables, so that who acquires need not look at the mode. */
static const struct file_operations kgil_read_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = kgil_read_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = kgil_file_poll,
	.mmap = kgil_mmap,
	.release = kgil_file_release,
	.show_fdinfo = kgil_show_fdinfo,
	.llseek = noop_llseek,
};

static struct file *kgil_file_open(struct kgil_object *obj, bool write)
{
	char name[16];

	snprintf(name, sizeof(name), "[kgil-%s]", kgil_type_name(obj->type));
	return anon_inode_getfile(name, write ? &kgil_fops : &kgil_read_fops,
				  obj, write ? O_RDWR : O_RDONLY);
}

/* Can who owns @obj give it back by @file? */
bool kgil_file_releases(const struct file *file, const struct kgil_object *obj)
{
	return file->f_op == &kgil_fops && file->private_data == obj;
}

/* The file of a new object.  It has its one reference, and is registered. */
static struct file *kgil_file_create(const struct kgil_create *create)
{
	struct kgil_object *obj = kgil_object_create(create);
	struct file *file;
	int err;

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	file = kgil_file_open(obj, true);
	if (IS_ERR(file)) {
		kgil_object_put(obj);
		return file;
	}
	err = kgil_register_add(obj);
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	kgil_event_created(obj);
	return file;
}

/* A file of the object that has a name. */
static struct file *kgil_file_named(const struct kgil_open *open)
{
	struct kgil_object *obj = kgil_name_open(open);
	struct file *file;

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	file = kgil_file_open(obj, !(open->flags & KGIL_OPEN_RDONLY));
	if (IS_ERR(file)) {
		kgil_name_close(obj);
		kgil_object_put(obj);
	}
	return file;
}

/* The descriptor of @file, which may be an error. */
static int kgil_fd_install(int fd, struct file *file)
{
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

/**
 * kgil_fd_create() - create an object and give the caller a descriptor of it
 * @create: what the user asked for, not checked yet
 *
 * Return: the descriptor; -EINVAL, -EMFILE, -ENFILE, -ENOMEM: there is nothing
 * that anybody could have seen.
 */
int kgil_fd_create(const struct kgil_create *create)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	return fd < 0 ? fd : kgil_fd_install(fd, kgil_file_create(create));
}

/**
 * kgil_fd_open() - give the caller a descriptor of the object that has a name
 * @open: what the user asked for, not checked yet
 *
 * Return: the descriptor; as kgil_name_open(), -EMFILE, -ENFILE.
 */
int kgil_fd_open(const struct kgil_open *open)
{
	bool inherit = open->flags & KGIL_OPEN_INHERIT;
	int fd = get_unused_fd_flags(inherit ? 0 : O_CLOEXEC);

	return fd < 0 ? fd : kgil_fd_install(fd, kgil_file_named(open));
}
