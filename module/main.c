// SPDX-License-Identifier: GPL-2.0
/*
 * kgil: a global interpreter lock and semaphore-backed locks for user space.
 *
 * /dev/kgil creates and opens objects; an object is a file descriptor.  Who reads this for
 * the first time may go on with
 *
 *	object.h	an object, what protects it, who keeps it alive
 *	word.h		what user space may change, and how that is kept harmless
 *	wait.c		how a thread waits and is granted
 *	sem.c		the semaphore that all types are made of
 *	lock.c gil.c	what the types add to it
 *	owner.c		what happens when an owner dies
 *	deadlock.c	how owners that wait for each other are found
 *	name.c access.c	objects found by name, and who may do what
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "away.h"
#include "file.h"
#include "netlink.h"
#include "owner.h"
#include "policy.h"
#include "proc.h"
#include "register.h"

static int kgil_query(void __user *arg)
{
	const struct kgil_query query = {
		.abi = KGIL_ABI_VERSION,
		.default_policy = KGIL_POLICY_OF_DEFAULT,
		.features = KGIL_FEATURE_DROP_PAGE | KGIL_FEATURE_OWNER_DEAD |
			    KGIL_FEATURE_NETLINK | KGIL_FEATURE_WORD |
			    KGIL_FEATURE_NAMES | KGIL_FEATURE_DEADLOCK |
			    KGIL_FEATURE_POLL |
			    KGIL_FEATURE_TIMES | KGIL_FEATURE_AWAY,
		.types = BIT_ULL(KGIL_TYPE_GIL) | BIT_ULL(KGIL_TYPE_SEM) |
			 BIT_ULL(KGIL_TYPE_LOCK) | BIT_ULL(KGIL_TYPE_RLOCK),
	};

	return copy_to_user(arg, &query, sizeof(query)) ? -EFAULT : 0;
}

static int kgil_create(void __user *arg)
{
	struct kgil_create create;

	if (copy_from_user(&create, arg, sizeof(create)))
		return -EFAULT;
	return kgil_fd_create(&create);
}

static int kgil_open(void __user *arg)
{
	struct kgil_open open;

	if (copy_from_user(&open, arg, sizeof(open)))
		return -EFAULT;
	return kgil_fd_open(&open);
}

static long kgil_device_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	switch (cmd) {
	case KGIL_IOC_QUERY:
		return kgil_query((void __user *)arg);
	case KGIL_IOC_CREATE:
		return kgil_create((void __user *)arg);
	case KGIL_IOC_OPEN:
		return kgil_open((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations kgil_device_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = kgil_device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice kgil_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kgil",
	.mode = 0666,
	.fops = &kgil_device_fops,
};

static int __init kgil_init(void)
{
	int err;

	err = kgil_register_init();
	if (err)
		return err;
	err = kgil_away_init();
	if (err)
		goto err_register;
	err = kgil_owner_init();
	if (err)
		goto err_register;
	err = kgil_netlink_init();
	if (err)
		goto err_owner;
	err = kgil_proc_init();
	if (err)
		goto err_netlink;
	/* Last: from here on there are users. */
	err = misc_register(&kgil_device);
	if (err)
		goto err_proc;
	return 0;

err_proc:
	kgil_proc_exit();
err_netlink:
	kgil_netlink_exit();
err_owner:
	kgil_owner_stop();
	kgil_owner_exit();
err_register:
	kgil_register_exit();
	return err;
}

/*
 * Every file of an object holds this module, so that there is none left; but a
 * reader of netlink may still hold an object, and put it last.
 */
static void __exit kgil_exit(void)
{
	misc_deregister(&kgil_device);
	kgil_proc_exit();
	/* The last owners that died are announced over netlink. */
	kgil_owner_stop();
	/* Waits for the readers. */
	kgil_netlink_exit();
	kgil_away_exit();
	kgil_owner_exit();
	kgil_register_exit();
}

module_init(kgil_init);
module_exit(kgil_exit);

MODULE_DESCRIPTION("A global interpreter lock and semaphore-backed locks");
MODULE_AUTHOR("The kgil authors");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");
