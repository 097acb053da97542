// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "opt.h"
#include "out.h"

#define OPTS_MAX 32
/* getopt_long() returns this plus the index in the table. */
#define VAL_BASE 256

static bool help_wanted;

static const struct opt common[] = {
	{ "json", 'J', OPT_FLAG, &out_json, .help = "print JSON" },
	{ "no-color", 0, OPT_FLAG, &out_no_color,
	  .help = "no colours (default: colours on a terminal unless NO_COLOR is set)" },
	{ "help", 'h', OPT_FLAG, &help_wanted, .help = "print this help" },
};

#define N_COMMON (sizeof(common) / sizeof(common[0]))

/* Times in the words of the command line: the largest unit without a fraction. */
static struct out_text time_word(uint64_t ns)
{
	struct out_text text;
	unsigned long long n = ns;

	if (n && n % OPT_SEC == 0)
		snprintf(text.s, sizeof(text.s), "%llus", n / OPT_SEC);
	else if (n && n % OPT_MS == 0)
		snprintf(text.s, sizeof(text.s), "%llums", n / OPT_MS);
	else if (n && n % OPT_US == 0)
		snprintf(text.s, sizeof(text.s), "%lluus", n / OPT_US);
	else
		snprintf(text.s, sizeof(text.s), "%llu%s", n, n ? "ns" : "");
	return text;
}

/* Decimal digits at *@text; moves it past them.  False: none, or too large. */
static bool read_digits(const char **text, uint64_t *value)
{
	const char *p = *text;

	*value = 0;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*p - '0'), value))
			return false;
	if (p == *text)
		return false;
	*text = p;
	return true;
}

int opt_digits(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	bool good = read_digits(&text, value) && !*text && *value >= min && *value <= max;

	return good ? 0 : -1;
}

int opt_number(const struct opt *opt, const char *text, uint64_t *value)
{
	if (!opt_digits(text, opt->min, opt->max, value))
		return 0;
	err_print("--%s: '%s' is not a number from %llu to %llu", opt->name, text,
		  (unsigned long long)opt->min, (unsigned long long)opt->max);
	return -1;
}

/* ns of a unit at the end of a time; 0: not a unit. */
static uint64_t unit_ns(const char *unit, uint64_t without)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", OPT_US },
		{ "µs", OPT_US },
		{ "ms", OPT_MS },
		{ "s", OPT_SEC },
	};
	unsigned int i;

	if (!*unit)
		return without;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].name))
			return units[i].ns;
	return 0;
}

static bool read_time(const char *text, uint64_t without, uint64_t *ns)
{
	uint64_t whole, unit, digit, fraction = 0, scale = 1;

	if (!read_digits(&text, &whole))
		return false;
	if (*text == '.') {
		text++;
		if (*text < '0' || *text > '9')
			return false;
		for (; *text >= '0' && *text <= '9'; text++) {
			digit = *text - '0';
			if (scale == OPT_SEC)
				continue;
			fraction = 10 * fraction + digit;
			scale *= 10;
		}
	}
	unit = unit_ns(text, whole || fraction ? without : 1);
	if (!unit)
		return false;
	return !__builtin_mul_overflow(whole, unit, ns) &&
	       !__builtin_add_overflow(*ns, fraction * unit / scale, ns);
}

int opt_seconds(const char *text, uint64_t min, uint64_t max, uint64_t *ns)
{
	return read_time(text, OPT_SEC, ns) && *ns >= min && *ns <= max ? 0 : -1;
}

int opt_time(const struct opt *opt, const char *text, uint64_t *value)
{
	if (read_time(text, opt->unit, value) && *value >= opt->min && *value <= opt->max)
		return 0;
	err_print("--%s: '%s' is not a time from %s to %s, like 10us, 5ms or 2s", opt->name, text,
		  time_word(opt->min).s, time_word(opt->max).s);
	return -1;
}

static void join_words(char *text, size_t size, const char *const *words)
{
	size_t at = 0;

	text[0] = '\0';
	for (; *words && at < size; words++)
		at += snprintf(text + at, size - at, "%s%s", *words, words[1] ? ", " : "");
}

static int opt_choice(const struct opt *opt, const char *text, unsigned int *value)
{
	char all[256];
	unsigned int i;

	for (i = 0; opt->words[i]; i++) {
		if (!strcmp(text, opt->words[i])) {
			*value = i;
			return 0;
		}
	}
	join_words(all, sizeof(all), opt->words);
	err_print("--%s: '%s' is not one of %s", opt->name, text, all);
	return -1;
}

static int set_value(const struct opt *opt, const char *text)
{
	switch (opt->kind) {
	case OPT_FLAG:
		*(bool *)opt->dest = true;
		return 0;
	case OPT_NUMBER:
		return opt_number(opt, text, opt->dest);
	case OPT_TIME:
		return opt_time(opt, text, opt->dest);
	case OPT_CHOICE:
		return opt_choice(opt, text, opt->dest);
	case OPT_TEXT:
		*(const char **)opt->dest = text;
		return 0;
	}
	return -1;
}

/* How many letters must be put in, taken out or changed to get from a to b. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[64], i, j, left, diagonal, best;

	if (strlen(a) > 63 || strlen(b) > 63)
		return 64;
	for (j = 0; j <= strlen(b); j++)
		row[j] = j;
	for (i = 0; a[i]; i++) {
		diagonal = row[0];
		row[0] = i + 1;
		for (j = 0; b[j]; j++) {
			left = row[j] + 1;
			best = diagonal + (a[i] != b[j]);
			diagonal = row[j + 1];
			if (left < best)
				best = left;
			if (diagonal + 1 < best)
				best = diagonal + 1;
			row[j + 1] = best;
		}
	}
	return row[j];
}

const char *opt_nearest(const char *text, const char *const *words)
{
	const char *nearest = NULL;
	unsigned int least = 64, d;

	for (; *words; words++) {
		d = distance(text, *words);
		/* Most letters must be right. */
		if (d < least && 2 * d <= strlen(*words)) {
			least = d;
			nearest = *words;
		}
	}
	return nearest;
}

static void print_option(const struct opt *opt)
{
	char left[64];
	int len;

	len = opt->letter ? snprintf(left, sizeof(left), "  -%c, --%s", opt->letter, opt->name) :
			    snprintf(left, sizeof(left), "      --%s", opt->name);
	if (opt->kind != OPT_FLAG)
		snprintf(left + len, sizeof(left) - len, " %s", opt->arg);
	puts(left);
	out_wrapped(10, opt->help);
}

static void print_help(const struct opt_spec *spec, const struct opt *const *all, unsigned int n)
{
	unsigned int i;

	printf("usage: kgil%s%s [OPTION]...%s%s\n\n", spec->command ? " " : "",
	       spec->command ? spec->command : "", spec->operands ? " " : "",
	       spec->operands ? spec->operands : "");
	out_wrapped(0, spec->about);
	puts("\nOptions:");
	for (i = 0; i < n; i++)
		print_option(all[i]);
	if (spec->more)
		printf("\n%s", spec->more);
}

static const char *help_word(const struct opt_spec *spec)
{
	static char text[64];

	snprintf(text, sizeof(text), "kgil%s%s --help", spec->command ? " " : "",
		 spec->command ? spec->command : "");
	return text;
}

/* getopt_long() returned '?': for the letter optopt, or for the word @arg. */
static int unknown_option(const struct opt_spec *spec, const struct opt *const *all,
			  unsigned int n, const char *arg)
{
	const char *names[OPTS_MAX + 1] = { NULL };
	char name[64];
	const char *nearest;
	unsigned int begin = 0, i;

	if (optopt && optopt < VAL_BASE)
		return err_usage("-%c: no such option; see: %s", optopt, help_word(spec));
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arg + 2, "="), arg + 2);
	if (optopt)
		return err_usage("--%s: takes no value", name);
	for (i = 0; i < n; i++) {
		names[i] = all[i]->name;
		begin += !strncmp(name, names[i], strlen(name));
	}
	if (begin > 1)
		return err_usage("--%s: more than one option begins so; see: %s", name,
				 help_word(spec));
	nearest = opt_nearest(name, names);
	if (nearest)
		return err_usage("--%s: no such option; did you mean --%s? See: %s", name, nearest,
				 help_word(spec));
	return err_usage("--%s: no such option; see: %s", name, help_word(spec));
}

static int missing_value(const struct opt *const *all, unsigned int n)
{
	const struct opt *opt = NULL;
	unsigned int i;

	for (i = 0; i < n; i++)
		if (optopt == (int)(VAL_BASE + i) || (optopt && optopt == all[i]->letter))
			opt = all[i];
	if (!opt)
		return err_usage("-%c: needs a value", optopt);
	return err_usage("--%s: needs a value: %s", opt->name, opt->arg);
}

/* The letters for getopt_long(), with ":" before them: messages are our own. */
static void make_letters(char *letters, const struct opt_spec *spec, const struct opt *const *all,
			 unsigned int n)
{
	unsigned int i;

	/* Options behind kgil's own operand, the subcommand, are not kgil's. */
	if (!spec->command || spec->program)
		*letters++ = '+';
	*letters++ = ':';
	for (i = 0; i < n; i++) {
		if (!all[i]->letter)
			continue;
		*letters++ = all[i]->letter;
		if (all[i]->kind != OPT_FLAG)
			*letters++ = ':';
	}
	*letters = '\0';
}

static void check_operands(const struct opt_spec *spec, int argc, char **argv)
{
	int n = argc - optind;

	if (n < spec->operands_min)
		exit(err_usage("%s is missing; see: %s", spec->operands, help_word(spec)));
	if (n > spec->operands_max)
		exit(err_usage("'%s': %s; see: %s", argv[optind + spec->operands_max],
			       spec->operands_max ? "one operand too many" : "takes no operand",
			       help_word(spec)));
}

int opt_parse(const struct opt_spec *spec, int argc, char **argv)
{
	struct option longs[OPTS_MAX + 1] = { 0 };
	const struct opt *all[OPTS_MAX];
	char letters[2 * OPTS_MAX + 3];
	const struct opt *opt;
	unsigned int n = 0, i;
	int c;

	for (opt = spec->opts; opt && opt->name; opt++)
		all[n++] = opt;
	for (i = 0; i < N_COMMON; i++)
		all[n++] = &common[i];
	for (i = 0; i < n; i++) {
		longs[i].name = all[i]->name;
		longs[i].has_arg = all[i]->kind == OPT_FLAG ? no_argument : required_argument;
		longs[i].val = VAL_BASE + i;
	}
	make_letters(letters, spec, all, n);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (c == '?')
			exit(unknown_option(spec, all, n, argv[optind - 1]));
		if (c == ':')
			exit(missing_value(all, n));
		for (i = 0; i < n; i++)
			if (c == (int)(VAL_BASE + i) || c == all[i]->letter)
				break;
		if (i == n || set_value(all[i], optarg))
			exit(STATUS_USAGE);
	}
	if (help_wanted) {
		print_help(spec, all, n);
		exit(out_finish(STATUS_OK));
	}
	check_operands(spec, argc, argv);
	return optind;
}
