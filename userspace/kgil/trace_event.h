/* SPDX-License-Identifier: GPL-2.0 */
/* What recording and reading share. */
#ifndef KGIL_CMD_TRACE_EVENT_H
#define KGIL_CMD_TRACE_EVENT_H

#include <stdint.h>

#include <event-parse.h>

struct trace;

/* Add a record of the kernel's, if it is of interest. */
void trace_add(struct trace *trace, struct tep_handle *tep, struct tep_record *record);
/* Into the order of time. */
void trace_sort(struct trace *trace);

/*
 * trace_stack.c: the number of a stack of @n addresses, the innermost first; its text is
 * made when it is new, while the process @tgid is there.
 */
unsigned int trace_add_user_stack(struct trace *trace, int tgid, const uint64_t *addrs,
				  unsigned int n);
unsigned int trace_add_kernel_stack(struct trace *trace, struct tep_handle *tep,
				    const uint64_t *addrs, unsigned int n);
void trace_free_stacks(struct trace *trace);

#endif /* KGIL_CMD_TRACE_EVENT_H */
