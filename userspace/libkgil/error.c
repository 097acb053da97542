// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the library says of itself, and of errors. */
#include <errno.h>
#include <string.h>

#include "kgil.h"

const char *kgil_version(void)
{
	return KGIL_LIB_VERSION;
}

const char *kgil_strerror(int err)
{
	switch (err) {
	case EAGAIN:
		return "The object is taken; try again later, or wait for it.";
	case ETIMEDOUT:
		return "The object was not free until the deadline.";
	case EINTR:
		return "A signal ended the wait, and the object is not held; call again.";
	case EPERM:
		return "The object is free, or another thread owns it: release only what you took.";
	case EDEADLK:
		return "The thread would wait for itself: it owns this gil already, or the owner "
		       "waits, by way of others too, for what the thread owns. Release that.";
	case EOVERFLOW:
		return "The semaphore is at its maximum, or the rlock at its greatest depth.";
	case EOWNERDEAD:
		return "It is yours now, but its last owner died with it: check what it protects.";
	case ENOTRECOVERABLE:
		return "A program wrote nonsense into the object's page: nobody can take it "
		       "until somebody writes 0 to its word, or makes a new one.";
	case EINVAL:
		return "A flag, type or value is not one that kgil allows.";
	case ENOTTY:
		return "The descriptor is not of kgil, or its type does not have this command.";
	case EFAULT:
		return "A pointer does not point to memory of the caller.";
	case EBADF:
		return "The descriptor is not open.";
	case ENOMEM:
		return "There is no memory left: free some, or raise the memory cgroup's limit.";
	case EMFILE:
		return "The process has too many open descriptors; close some, or raise ulimit -n.";
	case ENFILE:
		return "The system has too many open files; close some, or raise fs.file-max.";
	case ENOENT:
		return "There is no " KGIL_DEVICE ": load the module with `insmod kgil.ko` or "
		       "`modprobe kgil` (of a name: no object has it; of a struct kgil: attach "
		       "the thread first).";
	case ENODEV:
	case ENXIO:
		return "No module stands behind " KGIL_DEVICE
		       ": load it with `insmod kgil.ko` or `modprobe kgil`.";
	case EACCES:
		return "You may not open " KGIL_DEVICE
		       ": become root, or let root type `chmod 666 " KGIL_DEVICE
		       "` (of an object: it is another user's, or opened to read only).";
	case EEXIST:
		return "The thread is attached to this gil already (of a name: an object has it).";
	case ENOTSUP:
		return "Objects of futexes have no names: load the module.";
	case EBUSY:
		return "The thread owns this gil; release it before you detach (of the module: "
		       "this process uses futexes already, require it earlier).";
	case EXDEV:
		return "The object is of a backend that this process does not have, or of a "
		       "process in another pid or time namespace.";
	default:
		return strerror(err);
	}
}
