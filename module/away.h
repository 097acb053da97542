/* SPDX-License-Identifier: GPL-2.0 */
/* How long the owners of a gil are away from the processor while others wait. */
#ifndef _KGIL_AWAY_H
#define _KGIL_AWAY_H

#include <linux/types.h>

#include <linux/kgil.h>

struct kgil_object;
struct kgil_tie;

bool kgil_valid_away(u64 ns);
int kgil_away_set(struct kgil_object *obj, u64 ns);
void kgil_away_free(struct kgil_object *obj);
void kgil_away_read(const struct kgil_object *obj, struct kgil_away *away);

/* Under the object's lock; only while obj->absence isn't NULL. */
void kgil_away_owner(struct kgil_object *obj, struct kgil_tie *tie, u64 now);
void kgil_away_contended(struct kgil_object *obj, struct kgil_tie *tie,
			 u64 now);
void kgil_away_end(struct kgil_object *obj, u64 now);
void kgil_away_forget(struct kgil_object *obj, const struct kgil_tie *tie);

/* Not under it; only while obj->absence isn't NULL. */
void kgil_away_arrived(struct kgil_object *obj);

int kgil_away_init(void);
void kgil_away_exit(void);

#endif /* _KGIL_AWAY_H */
