// SPDX-License-Identifier: GPL-2.0
/* What machine this is: every number of the demo is one of this machine's. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "demo.h"
#include "out.h"

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define DMI_VENDOR "/sys/class/dmi/id/sys_vendor"
#define DEVICE_TREE "/sys/firmware/devicetree/base/hypervisor/compatible"

/* The first line of a file; "" if it can't be read. */
static void read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");

	line[0] = '\0';
	if (!file)
		return;
	if (fgets(line, size, file))
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

/* What the hypervisor calls itself; "" if there is none, or it doesn't say. */
static void hypervisor_name(char name[13])
{
#ifdef __x86_64__
	unsigned int a, b, c, d;

	name[0] = '\0';
	/* Bit 31 of leaf 1: there is a hypervisor, and it has leaf 0x40000000. */
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1U << 31)))
		return;
	__cpuid(0x40000000, a, b, c, d);
	memcpy(name, &b, 4);
	memcpy(name + 4, &c, 4);
	memcpy(name + 8, &d, 4);
	name[12] = '\0';
#else
	read_line(DEVICE_TREE, name, 13);
#endif
}

/* Returns what the processors are; *@emulated: software interprets them. */
static const char *machine(char *text, size_t size, bool *emulated)
{
	char name[13], vendor[64];

	hypervisor_name(name);
	*emulated = !strcmp(name, "TCGTCGTCGTCG");
	if (*emulated)
		return "software emulation (QEMU TCG)";
	read_line(DMI_VENDOR, vendor, sizeof(vendor));
	if (!*name && strcmp(vendor, "QEMU"))
		return "no hypervisor seen";
	snprintf(text, size, "virtual machine (%s)", *name ? name : vendor);
	return text;
}

static unsigned int count_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return CPU_COUNT(&set);
}

void demo_environment(struct demo *demo, struct json_object *json)
{
	struct json_object *env = json_object_new_object();
	char clocksource[32], text[96], line[256];
	const char *what;
	struct utsname name;
	bool emulated;

	uname(&name);
	demo->cpus = count_cpus();
	read_line(CLOCKSOURCE, clocksource, sizeof(clocksource));
	what = machine(text, sizeof(text), &emulated);
	demo_put_text(env, "kernel_release", name.release);
	demo_put_int(env, "cpus", demo->cpus);
	demo_put_text(env, "clocksource", clocksource);
	demo_put_text(env, "machine", what);
	demo_put_bool(env, "emulated", emulated);
	json_object_object_add(json, "environment", env);
	if (out_json)
		return;
	snprintf(line, sizeof(line), "Linux %s, %u CPU%s, clock %s, %s.", name.release,
		 demo->cpus, demo->cpus == 1 ? "" : "s", *clocksource ? clocksource : "unknown",
		 what);
	out_wrapped(0, line);
	if (emulated)
		out_wrapped(0, "All times below come from emulation: compare them with each other, "
			       "not with real hardware.");
}
