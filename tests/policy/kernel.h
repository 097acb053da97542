/* SPDX-License-Identifier: GPL-2.0 */
/* The types of the kernel that module/policy.c uses, for user space. */
#ifndef POLICY_KERNEL_H
#define POLICY_KERNEL_H

#include <stdbool.h>

typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#endif /* POLICY_KERNEL_H */
