/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KGIL_LIB_DEVICE_H
#define KGIL_LIB_DEVICE_H

#include "kgil.h"

/* kgil_create() by the module, and nothing else. */
int device_create(const struct kgil_create *create);
/* kgil_open() by the module. */
int device_open(const struct kgil_open *open);

#endif /* KGIL_LIB_DEVICE_H */
