// SPDX-License-Identifier: GPL-2.0
/* Stacks of the kernel's ring buffer, as text: the names of functions. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwfl.h>

#include "out.h"
#include "trace.h"
#include "trace_event.h"

#define TEXT_MAX 4096

/* What is mapped in a process; NULL: it could not be looked at. */
struct space {
	int tgid;
	Dwfl *dwfl;
};

struct trace_spaces {
	struct space *spaces;
	size_t n;
};

/* Only what the file itself says: nothing is searched for, or fetched. */
static int no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word crc, char **path)
{
	(void)module;
	(void)data;
	(void)name;
	(void)base;
	(void)file;
	(void)link;
	(void)crc;
	(void)path;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = no_debuginfo,
};

/* What is mapped in @tgid now. */
static Dwfl *map(int tgid)
{
	Dwfl *dwfl = dwfl_begin(&callbacks);

	if (!dwfl)
		return NULL;
	if (!dwfl_linux_proc_report(dwfl, tgid) && !dwfl_report_end(dwfl, NULL, NULL))
		return dwfl;
	dwfl_end(dwfl);
	return NULL;
}

static struct space *space_of(struct trace *trace, int tgid)
{
	struct trace_spaces *all;
	size_t i;

	if (!trace->spaces)
		trace->spaces = out_alloc(sizeof(*trace->spaces));
	all = trace->spaces;
	for (i = 0; i < all->n; i++)
		if (all->spaces[i].tgid == tgid)
			return &all->spaces[i];
	all->spaces = realloc(all->spaces, (all->n + 1) * sizeof(*all->spaces));
	if (!all->spaces)
		abort();
	all->spaces[all->n] = (struct space){ tgid, map(tgid) };
	return &all->spaces[all->n++];
}

/* What was mapped after it was looked at is there when it is looked at again. */
static Dwfl_Module *module_of(struct space *space, uint64_t addr)
{
	Dwfl_Module *module = space->dwfl ? dwfl_addrmodule(space->dwfl, addr) : NULL;
	Dwfl *again;

	if (module)
		return module;
	again = map(space->tgid);
	if (!again)
		return NULL;
	if (space->dwfl)
		dwfl_end(space->dwfl);
	space->dwfl = again;
	return dwfl_addrmodule(again, addr);
}

/* In the format ';' is between functions, and a line ends one stack. */
static void append(char *text, const char *name, const char *suffix)
{
	size_t len = strlen(text), start = len;

	if (len + strlen(name) + strlen(suffix) + 2 > TEXT_MAX)
		return;
	snprintf(text + len, TEXT_MAX - len, "%s%s%s", len ? ";" : "", name, suffix);
	for (len += start > 0; text[len]; len++)
		if (text[len] == ';' || (unsigned char)text[len] < ' ')
			text[len] = ':';
}

static void append_user(struct space *space, char *text, uint64_t addr)
{
	Dwfl_Module *module = module_of(space, addr);
	const char *name = module ? dwfl_module_addrname(module, addr) : NULL, *file;
	char words[256];

	if (!name && module) {
		file = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
		name = file && strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
		snprintf(words, sizeof(words), "[%s]", name ? name : "unknown");
		name = words;
	}
	append(text, name ? name : "[unknown]", "");
}

static uint64_t hash_of(uint64_t seed, const uint64_t *addrs, unsigned int n)
{
	uint64_t hash = 0xcbf29ce484222325ULL ^ seed;
	unsigned int i;

	for (i = 0; i < n; i++)
		hash = (hash ^ addrs[i]) * 0x100000001b3ULL + (hash >> 29);
	return hash;
}

static unsigned int find(const struct trace *trace, uint64_t hash)
{
	size_t i;

	for (i = 0; i < trace->stacks_n; i++)
		if (trace->stacks[i].hash == hash)
			return i + 1;
	return 0;
}

static unsigned int add(struct trace *trace, uint64_t hash, const char *text)
{
	trace->stacks = realloc(trace->stacks, (trace->stacks_n + 1) * sizeof(*trace->stacks));
	if (!trace->stacks)
		abort();
	trace->stacks[trace->stacks_n++] = (struct trace_stack){ hash, out_strdup(text) };
	return trace->stacks_n;
}

unsigned int trace_add_user_stack(struct trace *trace, int tgid, const uint64_t *addrs,
				  unsigned int n)
{
	char text[TEXT_MAX] = "";
	unsigned int found, i;
	uint64_t hash;

	for (i = 0; i < n && addrs[i]; i++)
		;
	n = i;
	hash = hash_of((uint32_t)tgid, addrs, n);
	found = find(trace, hash);
	if (found || !n)
		return found;
	/* An address to which a call returns may belong to the next function already. */
	for (i = n; i--;)
		append_user(space_of(trace, tgid), text, addrs[i] - (i > 0));
	return add(trace, hash, text);
}

unsigned int trace_add_kernel_stack(struct trace *trace, struct tep_handle *tep,
				    const uint64_t *addrs, unsigned int n)
{
	uint64_t hash = hash_of(1ULL << 63, addrs, n);
	unsigned int found = find(trace, hash), first = 0, i;
	char text[TEXT_MAX] = "";
	const char *name;

	if (found)
		return found;
	/* The innermost are those that record the event. */
	for (i = 0; i < n; i++) {
		name = tep_find_function(tep, addrs[i]);
		if (name && !strncmp(name, "trace_event_raw_event_", 22))
			first = i + 1;
	}
	for (i = n; i-- > first;) {
		name = tep_find_function(tep, addrs[i]);
		append(text, name ? name : "[unknown]", "_[k]");
	}
	return add(trace, hash, text);
}

void trace_free_stacks(struct trace *trace)
{
	size_t i;

	for (i = 0; i < trace->stacks_n; i++)
		free(trace->stacks[i].text);
	free(trace->stacks);
	if (!trace->spaces)
		return;
	for (i = 0; i < trace->spaces->n; i++)
		if (trace->spaces->spaces[i].dwfl)
			dwfl_end(trace->spaces->spaces[i].dwfl);
	free(trace->spaces->spaces);
	free(trace->spaces);
}
