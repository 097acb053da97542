/* SPDX-License-Identifier: GPL-2.0 */
/* The types of the kernel that module/policy.c uses, for user space. */
#ifndef POLICY_KERNEL_H
#define POLICY_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#endif /* POLICY_KERNEL_H */
