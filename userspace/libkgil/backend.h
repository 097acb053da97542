/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KGIL_BACKEND_H
#define KGIL_BACKEND_H

#include "kgil.h"

/*
 * An object of @wanted is at hand: decide for that backend if nothing is decided
 * yet.  Which one it is then; 0: @wanted is not allowed.
 */
int backend_settle(enum kgil_backend_id wanted);

#endif /* KGIL_BACKEND_H */
