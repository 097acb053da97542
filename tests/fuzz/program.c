// SPDX-License-Identifier: GPL-2.0
/* Programs: made at random, varied, kept, and written to a file as text. */
#include <ctype.h>

#include "fuzz.h"

/* How often each kind of call is made, of the sum. */
static const __u8 weights[OPS] = {
	[OP_CREATE] = 24,
	[OP_COMMAND] = 60,
	[OP_ACQUIRE] = 60,
	[OP_RELEASE] = 50,
	[OP_WILD_COMMAND] = 6,
	[OP_MMAP] = 16,
	[OP_MUNMAP] = 8,
	[OP_MPROTECT] = 5,
	[OP_MREMAP] = 6,
	[OP_MADVISE] = 5,
	[OP_SCRIBBLE] = 40,
	[OP_TOUCH] = 8,
	[OP_FILE] = 12,
	[OP_POLL] = 8,
	[OP_EPOLL] = 6,
	[OP_CLOSE] = 12,
	[OP_DUP] = 6,
	[OP_PASS] = 4,
	[OP_PROC_OPEN] = 4,
	[OP_PROC_READ] = 6,
	[OP_NETLINK_SEND] = 16,
	[OP_NETLINK_RECEIVE] = 16,
	[OP_NETLINK_SOCKET] = 2,
	[OP_FORK] = 1,
	[OP_SIGNAL] = 4,
	[OP_PROCESS] = 2,
};

static enum op any_op(struct random *random)
{
	__u32 sum = 0, choice;
	int op;

	for (op = 0; op < OPS; op++)
		sum += weights[op];
	choice = below(random, sum);
	for (op = 0; choice >= weights[op]; op++)
		choice -= weights[op];
	return op;
}

static void make_call(struct random *random, struct call *call)
{
	*call = (struct call){
		.op = any_op(random),
		.file = below(random, 256),
		.how = below(random, 256),
		.more = below(random, 256),
		.x = any_number(random),
		.y = any_number(random),
	};
}

void make_program(struct random *random, struct program *program)
{
	__u32 i;

	program->length = 1 + below(random, CALLS_MAX);
	for (i = 0; i < program->length; i++)
		make_call(random, &program->calls[i]);
}

static const struct program *any_of_corpus(struct random *random)
{
	__u32 size = atomic_load(&arena->corpus_size);

	return &arena->corpus[below(random, size < CORPUS_MAX ? size : CORPUS_MAX)];
}

static void insert_call(struct random *random, struct program *program)
{
	__u32 at = below(random, program->length + 1);

	if (program->length == CALLS_MAX)
		return;
	memmove(&program->calls[at + 1], &program->calls[at],
		(program->length - at) * sizeof(struct call));
	make_call(random, &program->calls[at]);
	program->length++;
}

static void remove_call(struct random *random, struct program *program)
{
	__u32 at = below(random, program->length);

	if (program->length == 1)
		return;
	program->length--;
	memmove(&program->calls[at], &program->calls[at + 1],
		(program->length - at) * sizeof(struct call));
}

static void change_number(struct random *random, struct call *call)
{
	switch (below(random, 6)) {
	case 0:
		call->file = below(random, 256);
		break;
	case 1:
		call->how = below(random, 256);
		break;
	case 2:
		call->more = below(random, 256);
		break;
	case 3:
		call->x = any_number(random);
		break;
	case 4:
		call->y = any_number(random);
		break;
	default:
		call->x ^= 1ULL << below(random, 64);
	}
}

/* The end of another program in place of its own. */
static void splice(struct random *random, struct program *program)
{
	const struct program *other = any_of_corpus(random);
	__u32 at = below(random, program->length), length = other->length;

	if (length > CALLS_MAX || at >= length)
		return;
	memcpy(&program->calls[at], &other->calls[at], (length - at) * sizeof(struct call));
	program->length = length;
}

void vary_program(struct random *random, struct program *program)
{
	int changes = 1 + below(random, 4);

	*program = *any_of_corpus(random);
	/* Another process may be writing it. */
	if (program->length < 1 || program->length > CALLS_MAX) {
		make_program(random, program);
		return;
	}
	while (changes--) {
		switch (below(random, 8)) {
		case 0:
			insert_call(random, program);
			break;
		case 1:
			remove_call(random, program);
			break;
		case 2:
			splice(random, program);
			break;
		default:
			change_number(random, &program->calls[below(random, program->length)]);
		}
	}
}

/* Once it is full, an old one goes for a new one. */
void keep_program(const struct program *program)
{
	arena->corpus[atomic_fetch_add(&arena->corpus_size, 1) % CORPUS_MAX] = *program;
}

/* The last is the first: it was found by varying others, and does more. */
bool replay_program(struct program *program)
{
	__u32 number;

	if (atomic_load_explicit(&arena->replayed, memory_order_relaxed) >= arena->given_size)
		return false;
	number = atomic_fetch_add(&arena->replayed, 1);
	if (number >= arena->given_size)
		return false;
	*program = arena->given[arena->given_size - 1 - number];
	return true;
}

/*
 * As text: a line for each program, its calls divided by spaces, the numbers of a
 * call by colons.
 */
static bool parse_program(const char *line, struct program *program)
{
	int used;

	program->length = 0;
	while (program->length < CALLS_MAX) {
		struct call *call = &program->calls[program->length];
		unsigned int op, file, how, more;

		if (sscanf(line, " %u:%u:%u:%u:%llx:%llx%n", &op, &file, &how, &more, &call->x,
			   &call->y, &used) != 6 ||
		    op >= OPS)
			break;
		call->op = op;
		call->file = file;
		call->how = how;
		call->more = more;
		program->length++;
		line += used;
	}
	while (isspace((unsigned char)*line))
		line++;
	return program->length && !*line;
}

bool load_corpus(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[CALLS_MAX * 64];

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (line[0] != '#' && arena->given_size < CORPUS_MAX &&
		    parse_program(line, &arena->given[arena->given_size]))
			arena->given_size++;
	fclose(file);
	return true;
}

void save_corpus(const char *path)
{
	__u32 size = atomic_load(&arena->corpus_size), i, j;
	FILE *file = fopen(path, "we");

	if (!file) {
		violation("%s: cannot be written: %m", path);
		return;
	}
	fprintf(file, "# SPDX"
		      "-License-Identifier: GPL-2.0\n");
	fprintf(file, "# Programs that the fuzzer kept; see program.c.\n");
	for (i = 0; i < size && i < CORPUS_MAX; i++) {
		const struct program *program = &arena->corpus[i];

		for (j = 0; j < program->length; j++) {
			const struct call *call = &program->calls[j];

			fprintf(file, "%s%u:%u:%u:%u:%llx:%llx", j ? " " : "", call->op, call->file,
				call->how, call->more, call->x, call->y);
		}
		fprintf(file, "\n");
	}
	fclose(file);
}
