// SPDX-License-Identifier: GPL-2.0
/*
 * Who may open, see and change an object: docs/security.md has it as a table.
 *
 * An object belongs to the effective user and group of who created it.
 * Capabilities count in the user namespace of who created it.  A descriptor, a
 * socket and a file in /proc are judged by the credentials of who opened them,
 * whoever uses them.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <net/sock.h>

#include "access.h"
#include "name.h"
#include "object.h"

static bool kgil_belongs_to(const struct kgil_object *obj,
			    const struct cred *cred)
{
	return uid_eq(cred->euid, obj->cred->euid);
}

/* Only the caller's groups can be asked for. */
static bool kgil_in_group(const struct cred *cred, kgid_t group)
{
	const struct cred *own = override_creds(cred);
	bool in = in_egroup_p(group);

	revert_creds(own);
	return in;
}

/* As for a file: are all of @bits, of 07, given to @cred? */
static bool kgil_mode_gives(const struct kgil_object *obj,
			    const struct cred *cred, unsigned int bits)
{
	unsigned int mode = obj->name ? obj->name->mode : 0;

	if (kgil_belongs_to(obj, cred))
		mode >>= 6;
	else if (kgil_in_group(cred, obj->cred->egid))
		mode >>= 3;
	return !(bits & ~mode);
}

/**
 * kgil_may_open() - may the caller open an object by its name?
 * @obj: the object, which has one
 * @write: to read it only, or to read and write
 */
bool kgil_may_open(const struct kgil_object *obj, bool write)
{
	struct user_namespace *users = obj->cred->user_ns;
	unsigned int bits = write ? 06 : 04;

	return kgil_mode_gives(obj, current_cred(), bits) ||
	       (!write && ns_capable_noaudit(users, CAP_DAC_READ_SEARCH)) ||
	       ns_capable(users, CAP_DAC_OVERRIDE);
}

/* May @cred see the name and the pids, without a capability? */
static bool kgil_shown_to(const struct kgil_object *obj,
			  const struct cred *cred)
{
	return kgil_belongs_to(obj, cred) ||
	       kgil_mode_gives(obj, cred, 04);
}

/* May who opened @reader, a file of /proc, see the name and the pids of @obj? */
bool kgil_may_see(const struct file *reader, const struct kgil_object *obj)
{
	return kgil_shown_to(obj, reader->f_cred) ||
	       file_ns_capable(reader, obj->cred->user_ns, CAP_SYS_ADMIN);
}

/* May who opened @file, of @obj, change its settings? */
bool kgil_may_set(const struct file *file, const struct kgil_object *obj)
{
	return kgil_belongs_to(obj, file->f_cred) ||
	       file_ns_capable(file, obj->cred->user_ns, CAP_SYS_ADMIN);
}

static const struct cred *kgil_socket_cred(const struct sk_buff *request)
{
	return NETLINK_CB(request).sk->sk_socket->file->f_cred;
}

/* As kgil_may_see(), by the socket that @request came from. */
bool kgil_netlink_may_see(const struct sk_buff *request,
			  const struct kgil_object *obj)
{
	return kgil_shown_to(obj, kgil_socket_cred(request)) ||
	       netlink_ns_capable(request, obj->cred->user_ns, CAP_SYS_ADMIN);
}

/* As kgil_may_set(), likewise. */
bool kgil_netlink_may_set(const struct sk_buff *request,
			  const struct kgil_object *obj)
{
	return kgil_belongs_to(obj, kgil_socket_cred(request)) ||
	       netlink_ns_capable(request, obj->cred->user_ns, CAP_SYS_ADMIN);
}
