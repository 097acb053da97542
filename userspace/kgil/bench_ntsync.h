/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few calls of /dev/ntsync that kgil bench makes; the headers of many systems
 * don't have <linux/ntsync.h> yet.
 */
#ifndef KGIL_CMD_BENCH_NTSYNC_H
#define KGIL_CMD_BENCH_NTSYNC_H

#include <linux/ioctl.h>
#include <linux/types.h>

struct ntsync_sem_args {
	__u32 count;
	__u32 max;
};

struct ntsync_mutex_args {
	__u32 owner;
	__u32 count;
};

struct ntsync_wait_args {
	__u64 timeout;
	__u64 objs;
	__u32 count;
	__u32 index;
	__u32 flags;
	__u32 owner;
	__u32 alert;
	__u32 pad;
};

#define NTSYNC_IOC_CREATE_SEM _IOW('N', 0x80, struct ntsync_sem_args)
#define NTSYNC_IOC_SEM_RELEASE _IOWR('N', 0x81, __u32)
#define NTSYNC_IOC_WAIT_ANY _IOWR('N', 0x82, struct ntsync_wait_args)
#define NTSYNC_IOC_CREATE_MUTEX _IOW('N', 0x84, struct ntsync_mutex_args)
#define NTSYNC_IOC_MUTEX_UNLOCK _IOWR('N', 0x85, struct ntsync_mutex_args)

#define NTSYNC_DEVICE "/dev/ntsync"

#endif /* KGIL_CMD_BENCH_NTSYNC_H */
