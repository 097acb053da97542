/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options: a table for each subcommand, from which getopt_long() parses the
 * command line and --help is printed.  Every subcommand gets -h, --help;
 * -J, --json; and --no-color besides its own.
 */
#ifndef KGIL_CMD_OPT_H
#define KGIL_CMD_OPT_H

#include <stdbool.h>
#include <stdint.h>

#define OPT_US 1000ULL
#define OPT_MS 1000000ULL
#define OPT_SEC 1000000000ULL

/**
 * enum opt_kind - what an option takes, and the type that @dest points to
 * @OPT_FLAG: nothing; bool
 * @OPT_NUMBER: decimal digits; uint64_t
 * @OPT_TIME: a number, with or without a fraction, and ns, us, µs, ms or s (10us,
 *	1.5ms); uint64_t, in ns
 * @OPT_CHOICE: one of some words; unsigned int, the index of the word
 * @OPT_TEXT: anything; const char *
 */
enum opt_kind {
	OPT_FLAG,
	OPT_NUMBER,
	OPT_TIME,
	OPT_CHOICE,
	OPT_TEXT,
};

/**
 * struct opt - an option
 * @name: the long name, without dashes; NULL ends the table
 * @letter: the short name; 0: none
 * @kind: see enum opt_kind
 * @dest: where the value goes; keep the default there
 * @arg: what --help calls the value: "N", "TIME"
 * @help: what --help says, wrapped when printed
 * @min: smallest value, OPT_NUMBER and OPT_TIME (in ns)
 * @max: greatest value, likewise
 * @unit: OPT_TIME: ns of a number without a unit; 0: a unit is needed
 * @words: OPT_CHOICE: the words, up to NULL
 */
struct opt {
	const char *name;
	int letter;
	enum opt_kind kind;
	void *dest;
	const char *arg;
	const char *help;
	uint64_t min;
	uint64_t max;
	uint64_t unit;
	const char *const *words;
};

/**
 * struct opt_spec - the command line of a subcommand
 * @command: its name; NULL: kgil itself
 * @operands: what the usage line calls the operands; NULL: there are none
 * @about: what the subcommand does, wrapped when printed
 * @opts: its own options; may be NULL
 * @more: printed at the end of --help as it is; may be NULL
 * @operands_min: at least so many operands
 * @operands_max: at most so many
 * @program: the first operand is a program: what follows are its own options
 */
struct opt_spec {
	const char *command;
	const char *operands;
	const char *about;
	const struct opt *opts;
	const char *more;
	int operands_min;
	int operands_max;
	bool program;
};

/*
 * Parse @argv and return the index of the first operand.  Ends the program for
 * --help, and with STATUS_USAGE and one line for anything wrong.
 */
int opt_parse(const struct opt_spec *spec, int argc, char **argv);

/*
 * Read @text as a number or time that @opt allows.  Returns 0; or -1 after one
 * line that names the option, the value and what is allowed.
 */
int opt_number(const struct opt *opt, const char *text, uint64_t *value);
int opt_time(const struct opt *opt, const char *text, uint64_t *value);

/* A number or time without an option: the same, but prints nothing. */
int opt_digits(const char *text, uint64_t min, uint64_t max, uint64_t *value);
int opt_seconds(const char *text, uint64_t min, uint64_t max, uint64_t *ns);

/* The word of @words (up to NULL) that is most like @text; NULL: none is. */
const char *opt_nearest(const char *text, const char *const *words);

#endif /* KGIL_CMD_OPT_H */
