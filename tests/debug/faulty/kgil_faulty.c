// SPDX-License-Identifier: GPL-2.0
/*
 * One deliberate fault of each kind that a debug kernel has to report.
 *
 * Written to /sys/module/kgil_faulty/parameters/fault, the name of a fault
 * commits it.  Never for a kernel that is of use to anybody.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>

/* More than a stray copy of an address in some register or stack can hide. */
#define LEAKS 8
#define RACE_MS 1000
#define STUCK_MS 15000

static int sink;

static void commit_nothing(void)
{
}

static void commit_use_after_free(void)
{
	int *freed = kmalloc(64, GFP_KERNEL);

	if (!freed)
		return;
	kfree(freed);
	OPTIMIZER_HIDE_VAR(freed);
	WRITE_ONCE(sink, *freed);
}

static void commit_out_of_bounds(void)
{
	char *bytes = kmalloc(40, GFP_KERNEL);

	if (!bytes)
		return;
	OPTIMIZER_HIDE_VAR(bytes);
	WRITE_ONCE(sink, bytes[40]);
	kfree(bytes);
}

static void commit_inversion(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);

	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

/* A lock that sleeps on PREEMPT_RT, below one that does not. */
static void commit_nesting(void)
{
	static DEFINE_RAW_SPINLOCK(raw);
	static DEFINE_SPINLOCK(spin);

	raw_spin_lock(&raw);
	spin_lock(&spin);
	spin_unlock(&spin);
	raw_spin_unlock(&raw);
}

static void commit_atomic_sleep(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static void commit_leak(void)
{
	void *lost;
	int i;

	for (i = 0; i < LEAKS; i++) {
		lost = kzalloc(128, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(lost);
	}
}

static int raced;

static int race(void *done)
{
	unsigned long end = jiffies + msecs_to_jiffies(RACE_MS);

	while (time_before(jiffies, end)) {
		raced++;
		barrier();
		cond_resched();
	}
	complete(done);
	return 0;
}

static void commit_race(void)
{
	DECLARE_COMPLETION_ONSTACK(done);
	int i, started = 0;

	for (i = 0; i < 2; i++)
		started += !IS_ERR(kthread_run(race, &done, "kgil_race/%d", i));
	while (started--)
		wait_for_completion(&done);
}

static void commit_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_dec(&count);
}

static void commit_index(void)
{
	static struct {
		int array[4];
		int after;
	} both;
	int i = ARRAY_SIZE(both.array);

	OPTIMIZER_HIDE_VAR(i);
	WRITE_ONCE(sink, both.array[i]);
}

static void commit_shift(void)
{
	int by = 40;

	OPTIMIZER_HIDE_VAR(by);
	WRITE_ONCE(sink, 1 << by);
}

static void expire(struct timer_list *timer)
{
}

static void commit_active_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, expire, 0);
	mod_timer(timer, jiffies + HZ / 10);
	kfree(timer);
}

static int hang(void *done)
{
	unsigned long end = jiffies + msecs_to_jiffies(STUCK_MS);

	while (time_before(jiffies, end)) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(end - jiffies);
	}
	complete(done);
	return 0;
}

static void commit_hang(void)
{
	DECLARE_COMPLETION_ONSTACK(done);

	if (!IS_ERR(kthread_run(hang, &done, "kgil_hang")))
		wait_for_completion(&done);
}

static void commit_stall(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(STUCK_MS);

	preempt_disable();
	while (time_before(jiffies, end))
		cpu_relax();
	preempt_enable();
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "nothing", commit_nothing },
	{ "use-after-free", commit_use_after_free },
	{ "out-of-bounds", commit_out_of_bounds },
	{ "inversion", commit_inversion },
	{ "nesting", commit_nesting },
	{ "atomic-sleep", commit_atomic_sleep },
	{ "leak", commit_leak },
	{ "race", commit_race },
	{ "refcount", commit_refcount },
	{ "index", commit_index },
	{ "shift", commit_shift },
	{ "active-timer", commit_active_timer },
	{ "hang", commit_hang },
	{ "stall", commit_stall },
};

static int set_fault(const char *name, const struct kernel_param *param)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (sysfs_streq(name, faults[i].name)) {
			faults[i].commit();
			return 0;
		}
	}
	return -EINVAL;
}

static const struct kernel_param_ops fault_ops = { .set = set_fault };

module_param_cb(fault, &fault_ops, NULL, 0200);
MODULE_PARM_DESC(fault, "the fault to commit");

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Deliberate faults, to test that debug kernels report them");
