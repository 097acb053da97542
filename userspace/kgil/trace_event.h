/* SPDX-License-Identifier: GPL-2.0 */
/* What recording and reading share. */
#ifndef KGIL_CMD_TRACE_EVENT_H
#define KGIL_CMD_TRACE_EVENT_H

#include <event-parse.h>

struct trace;

/* Add a record of the kernel's, if it is of interest. */
void trace_add(struct trace *trace, struct tep_handle *tep, struct tep_record *record);
/* Into the order of time. */
void trace_sort(struct trace *trace);

#endif /* KGIL_CMD_TRACE_EVENT_H */
