// SPDX-License-Identifier: GPL-2.0
/*
 * Whether who has an object sleeps while others wait for it.
 */
#include <stdio.h>
#include <string.h>

#include "top.h"

/* A holder that has just got it may not have woken yet, ns. */
#define SLEEP_WORTH 10000000

/* Does the thread sleep?  False if that can't be known. */
static bool sleeps(uint32_t pid, uint32_t tid)
{
	char path[64], line[256] = "", *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/stat", pid, tid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	/* Behind the name, which may hold anything. */
	state = strrchr(line, ')');
	return state && (state[2] == 'S' || state[2] == 'D');
}

static bool is_worth_it(const struct top_row *row)
{
	if (!row->object->waiters || row->since < SLEEP_WORTH)
		return false;
	return !row->thread || row->thread->state == KGIL_THREAD_OWNER;
}

void top_find_sleepers(struct top_rows *rows)
{
	struct top_row *row;

	for (row = rows->rows; row < rows->rows + rows->n; row++) {
		if (!is_worth_it(row))
			continue;
		row->asleep = row->thread ?
				      sleeps(row->thread->pid, row->thread->tid) :
				      sleeps(row->object->owner_pid, row->object->owner_tid);
	}
}
