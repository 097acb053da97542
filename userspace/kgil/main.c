// SPDX-License-Identifier: GPL-2.0
/*
 * kgil: the command.  One table of subcommands, one file for each of them.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <kgil.h>

#include "cmd.h"
#include "err.h"
#include "opt.h"
#include "out.h"

static int cmd_help(int argc, char **argv);

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "demo", cmd_demo, "show what a GIL and a lock do, in a minute" },
	{ "contend", cmd_contend, "let threads contend for a lock, and measure it" },
	{ "bench", cmd_bench, "measure kgil beside the locks that there are" },
	{ "run", cmd_run, "run a program with its semaphores in the module" },
	{ "exec", cmd_exec, "run a program while holding a lock, as flock(1) does" },
	{ "ls", cmd_ls, "list the objects: owner, waiters, acquisitions" },
	{ "show", cmd_show, "show everything about one object" },
	{ "set", cmd_set, "change the settings of an object" },
	{ "stat", cmd_stat, "print what happens, a line each interval" },
	{ "metrics", cmd_metrics, "print all figures for Prometheus" },
	{ "monitor", cmd_monitor, "print events as they happen" },
	{ "timeline", cmd_timeline, "draw who has an object and who waits, over time" },
	{ "top", cmd_top, "watch who has the objects and who waits, live" },
	{ "help", cmd_help, "print the help of a command" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char about[] =
	"A global interpreter lock and semaphore-backed locks in the Linux kernel:\n"
	"try them, and see who holds them and who waits.";

static const char exit_statuses[] =
	"Exit status:\n"
	"  0  done\n"
	"  1  it failed, or a claim of the demo was not borne out\n"
	"  2  wrong option, value or operand; nothing was done\n"
	"  3  the kgil module is not loaded\n"
	"  4  no permission to open " KGIL_DEVICE "\n"
	"\n"
	"'kgil COMMAND --help' says more about a command; so does kgil(1).\n";

static const struct command *find_command(const char *name)
{
	unsigned int i;

	for (i = 0; i < N_COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *names[N_COMMANDS + 1] = { NULL };
	const char *nearest;
	unsigned int i;

	for (i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i].name;
	nearest = opt_nearest(name, names);
	if (nearest)
		return err_usage("'%s' is not a command; did you mean '%s'? See: kgil --help",
				 name, nearest);
	return err_usage("'%s' is not a command; see: kgil --help", name);
}

static void print_usage(void)
{
	unsigned int i;

	puts("usage: kgil COMMAND [OPTION]...\n       kgil help [COMMAND]\n");
	out_wrapped(0, about);
	puts("\nCommands:");
	for (i = 0; i < N_COMMANDS; i++)
		printf("  %-8s  %s\n", commands[i].name, commands[i].summary);
	puts("\nOptions:\n"
	     "  -h, --help      print this help\n"
	     "  -V, --version   print the versions of the library and of the loaded module\n"
	     "  -J, --json      print JSON, with every command\n"
	     "      --no-color  no colours (default: colours on a terminal unless NO_COLOR\n"
	     "                  is set)\n");
	fputs(exit_statuses, stdout);
}

static int run_command(const struct command *command, int argc, char **argv)
{
	err_set_command(command->name);
	return command->run(argc, argv);
}

static int cmd_help(int argc, char **argv)
{
	static const struct opt_spec spec = {
		.command = "help",
		.operands = "[COMMAND]",
		.about = "Print the help of COMMAND; without COMMAND, of kgil.",
		.operands_max = 1,
	};
	const struct command *command;
	char help[] = "--help";
	char *args[3];
	int first = opt_parse(&spec, argc, argv);

	if (first == argc) {
		print_usage();
		return STATUS_OK;
	}
	command = find_command(argv[first]);
	if (!command)
		return unknown_command(argv[first]);
	args[0] = argv[first];
	args[1] = help;
	args[2] = NULL;
	return run_command(command, 2, args);
}

static int print_version(void)
{
	struct kgil_query query;
	bool loaded = !kgil_query(&query);
	struct json_object *object;

	if (out_json) {
		object = json_object_new_object();
		json_object_object_add(object, "library", json_object_new_string(kgil_version()));
		json_object_object_add(object, "module_abi",
				       loaded ? json_object_new_int64(query.abi) : NULL);
		out_json_print(object, false);
		return STATUS_OK;
	}
	printf("kgil %s\n", kgil_version());
	if (loaded)
		printf("module: ABI %u\n", query.abi);
	else
		puts("module: not reachable");
	return STATUS_OK;
}

/*
 * A standard descriptor that is closed must not become that of a lock.  Opened
 * the wrong way round, reading or writing it goes on failing.
 */
static void fill_standard_fds(void)
{
	int fd, got;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		got = open("/dev/null", fd ? O_RDONLY : O_WRONLY);
		if (got >= 0 && got != fd)
			close(got);
	}
}

int main(int argc, char **argv)
{
	static bool help_wanted, version_wanted;
	static const struct opt opts[] = {
		{ "version", 'V', OPT_FLAG, &version_wanted, .help = "" },
		{ "help", 'h', OPT_FLAG, &help_wanted, .help = "" },
		{ .name = NULL },
	};
	static const struct opt_spec spec = { .opts = opts, .operands_max = INT_MAX };
	const struct command *command;
	int first;

	fill_standard_fds();
	/* What it shows and measures is the module. */
	kgil_require_module();
	first = opt_parse(&spec, argc, argv);
	if (help_wanted) {
		print_usage();
		return out_finish(STATUS_OK);
	}
	if (version_wanted)
		return out_finish(print_version());
	if (first == argc)
		return err_usage("a command is missing; see: kgil --help");
	command = find_command(argv[first]);
	if (!command)
		return unknown_command(argv[first]);
	return out_finish(run_command(command, argc - first, argv + first));
}
