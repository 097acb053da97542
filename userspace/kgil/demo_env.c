// SPDX-License-Identifier: GPL-2.0
/* What machine this is: every number of the demo is one of this machine's. */
#include <stdio.h>
#include <sys/utsname.h>

#include "demo.h"
#include "machine.h"
#include "out.h"

void demo_environment(struct demo *demo, struct json_object *json)
{
	struct json_object *env = json_object_new_object();
	struct out_text clocksource = machine_clocksource(), what = machine_name();
	bool emulated = machine_emulated();
	struct utsname name;
	char line[256];

	uname(&name);
	demo->cpus = machine_cpus();
	demo_put_text(env, "kernel_release", name.release);
	demo_put_int(env, "cpus", demo->cpus);
	demo_put_text(env, "clocksource", clocksource.s);
	demo_put_text(env, "machine", what.s);
	demo_put_bool(env, "emulated", emulated);
	json_object_object_add(json, "environment", env);
	demo_put_text(json, "path", path_words[demo->path]);
	if (out_json)
		return;
	snprintf(line, sizeof(line), "Linux %s, %u CPU%s, clock %s, %s.", name.release,
		 demo->cpus, demo->cpus == 1 ? "" : "s", clocksource.s, what.s);
	out_wrapped(0, line);
	if (demo->path == PATH_WORD)
		out_wrapped(0, "Path word: a free lock is taken and given back by its shared word, "
			       "without a system call; only contention enters the kernel.");
	else
		out_wrapped(0, "Path ioctl: every acquire and release is a call of the module.");
	if (emulated)
		out_wrapped(0, "All times below come from emulation: compare them with each\n"
			       "other, not with real hardware.");
}
