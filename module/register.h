/* SPDX-License-Identifier: GPL-2.0 */
/* The objects of a network namespace, by id. */
#ifndef _KGIL_REGISTER_H
#define _KGIL_REGISTER_H

#include <linux/types.h>

struct kgil_names;
struct kgil_object;
struct kgil_totals;
struct net;

int kgil_register_add(struct kgil_object *obj);
void kgil_register_remove(struct kgil_object *obj);

struct kgil_object *kgil_register_get(struct net *net, u64 id);
struct kgil_object *kgil_register_next(struct net *net, u64 from);
void kgil_register_totals(struct net *net, struct kgil_totals *totals);
unsigned int kgil_register_generation(struct net *net);
struct kgil_names *kgil_register_names(struct net *net);

int kgil_register_init(void);
void kgil_register_exit(void);

#endif /* _KGIL_REGISTER_H */
