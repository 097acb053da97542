// SPDX-License-Identifier: GPL-2.0
/* What the supervisor does to the families. */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "torture.h"

#define CGROUP "/sys/fs/cgroup/kgil-torture"
#define CPU_ONLINE "/sys/devices/system/cpu/cpu1/online"
#define STOP_US 20000
#define UNPLUG_US 2000000

static void send_signal(struct hand *supervisor)
{
	struct slot *slot = &world->slots[below(supervisor, slot_count())];
	pid_t pid = atomic_load(&slot->pid), tid = atomic_load(&slot->tid);

	if (!pid || !tid)
		return;
	if (syscall(SYS_tgkill, pid, tid, one_in(supervisor, 2) ? SIGUSR1 : SIGUSR2) == 0)
		add_count(supervisor->slot, SIGNALS);
}

static void reap_in_time(pid_t pid, const char *who)
{
	__u64 until = now_ns() + world->options.patience * NSEC_PER_SEC;
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (errno == ECHILD)
			return;
		errno = 0;
		if (now_ns() > until)
			violation("%s %d was killed and does not end", who, pid);
		usleep(500);
	}
}

/* Children of a family that has ended come to the supervisor, killed. */
static void reap_orphans(int family)
{
	int i;

	for (i = 0; i < world->options.threads; i++) {
		struct slot *slot = &world->slots[child_slot(thread_slot(family, i))];
		pid_t pid = atomic_load(&slot->pid);

		if (pid)
			reap_in_time(pid, "child");
	}
}

/* All its slots are without anybody: none is left in doubt. */
static void bury_family(struct hand *supervisor, int family)
{
	__u64 mask = family_mask(family);
	int slot;

	reap_orphans(family);
	for (slot = 0; slot < slot_count(); slot++) {
		if (!(mask & slot_bit(slot)))
			continue;
		atomic_store(&world->slots[slot].since, 0);
		atomic_store(&world->slots[slot].tid, 0);
		atomic_store(&world->slots[slot].pid, 0);
	}
	resolve_all(supervisor, mask);
	atomic_fetch_and(&world->doomed, ~mask);
}

void kill_family(struct hand *supervisor, int family)
{
	pid_t pid = atomic_load(&world->families[family].pid);

	atomic_fetch_or(&world->doomed, family_mask(family));
	kill(pid, SIGKILL);
	reap_in_time(pid, "process");
	add_count(supervisor->slot, KILLS);
	bury_family(supervisor, family);
	start_family(family);
}

void family_ended(struct hand *supervisor, int family, int status)
{
	if (atomic_load(&world->failed))
		return;
	if (status || !atomic_load(&world->families[family].executed))
		violation("process %d ended by itself, with status %#x",
			  atomic_load(&world->families[family].pid), status);
	atomic_fetch_or(&world->doomed, family_mask(family));
	bury_family(supervisor, family);
	start_family(family);
}

static void stop_and_continue(struct hand *supervisor, pid_t pid)
{
	kill(pid, SIGSTOP);
	usleep(below(supervisor, STOP_US));
	kill(pid, SIGCONT);
	add_count(supervisor->slot, STOPS);
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return written;
}

/* By the freezer of control groups, where there is one. */
static void freeze_and_thaw(struct hand *supervisor, pid_t pid)
{
	char text[16];

	mkdir(CGROUP, 0755);
	snprintf(text, sizeof(text), "%d", pid);
	if (!write_text(CGROUP "/cgroup.procs", text) ||
	    !write_text(CGROUP "/cgroup.freeze", "1"))
		return;
	usleep(below(supervisor, STOP_US));
	if (!write_text(CGROUP "/cgroup.freeze", "0"))
		violation("the control group cannot be thawed: errno %d", errno);
	add_count(supervisor->slot, FREEZES);
}

/*
 * Ask for the absences of a gil's owners, or don't any more.  The first gil always
 * asks, so that the scheduler's code isn't changed all the time: see keep_probe() of
 * the fuzzer.
 */
static void set_away(struct hand *supervisor)
{
	static const __u64 values[] = { 0, KGIL_THRESHOLD_MIN, NSEC_PER_MSEC, KGIL_THRESHOLD_MAX };
	int index = below(supervisor, OBJECTS);
	__u64 value = values[below(supervisor, 4)];

	if (world->objects[index].type != KGIL_TYPE_GIL)
		return;
	if (index == world->probe && !value)
		value = 1000 * NSEC_PER_MSEC;
	if (ioctl(world->objects[index].fd, KGIL_IOC_SET_AWAY, &value))
		violation("%s: its absences cannot be asked for: errno %d", object_name(index),
			  errno);
	add_count(supervisor->slot, AWAYS);
}

void disturb(struct hand *supervisor)
{
	int family = below(supervisor, world->options.processes);
	pid_t pid = atomic_load(&world->families[family].pid);

	atomic_store(&world->hot, below(supervisor, OBJECTS));
	switch (below(supervisor, 64)) {
	case 0 ... 3:
		if (world->options.kills)
			kill_family(supervisor, family);
		break;
	case 4 ... 5:
		stop_and_continue(supervisor, pid);
		break;
	case 6:
		freeze_and_thaw(supervisor, pid);
		break;
	case 7 ... 10:
		set_away(supervisor);
		break;
	default:
		send_signal(supervisor);
	}
}

/* A process of its own, because this takes long: a processor goes and comes back. */
pid_t start_plugger(void)
{
	struct hand hand;
	pid_t pid = fork_child();

	if (pid)
		return pid;
	begin_hand(&hand, 0);
	while (!atomic_load(&world->stop)) {
		usleep(below(&hand, UNPLUG_US));
		if (!write_text(CPU_ONLINE, "0"))
			break;
		usleep(below(&hand, UNPLUG_US / 4));
		if (!write_text(CPU_ONLINE, "1"))
			violation("the processor does not come back: errno %d", errno);
		add_count(0, UNPLUGS);
	}
	_exit(0);
}
