// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* sched_getaffinity() */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "machine.h"

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define DMI_VENDOR "/sys/class/dmi/id/sys_vendor"
#define DEVICE_TREE "/sys/firmware/devicetree/base/hypervisor/compatible"

/* The beginning of the first line of a file; "" if it can't be read. */
static struct out_text first_line(const char *path)
{
	struct out_text line = { "" };
	FILE *file = fopen(path, "re");

	if (!file)
		return line;
	if (fgets(line.s, sizeof(line.s), file))
		line.s[strcspn(line.s, "\n")] = '\0';
	fclose(file);
	return line;
}

/* What the hypervisor calls itself; "" if there is none, or it doesn't say. */
static struct out_text hypervisor(void)
{
#ifdef __x86_64__
	struct out_text name = { "" };
	unsigned int a, b, c, d;

	/* Bit 31 of leaf 1: there is a hypervisor, and it has leaf 0x40000000. */
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1U << 31)))
		return name;
	__cpuid(0x40000000, a, b, c, d);
	memcpy(name.s, &b, 4);
	memcpy(name.s + 4, &c, 4);
	memcpy(name.s + 8, &d, 4);
	name.s[12] = '\0';
	return name;
#else
	return first_line(DEVICE_TREE);
#endif
}

bool machine_emulated(void)
{
	return !strcmp(hypervisor().s, "TCGTCGTCGTCG");
}

struct out_text machine_name(void)
{
	struct out_text name = hypervisor(), vendor = first_line(DMI_VENDOR), text;

	if (machine_emulated())
		snprintf(text.s, sizeof(text.s), "software emulation (QEMU TCG)");
	else if (!*name.s && strcmp(vendor.s, "QEMU"))
		snprintf(text.s, sizeof(text.s), "no hypervisor seen");
	else
		snprintf(text.s, sizeof(text.s), "virtual machine (%.12s)",
			 *name.s ? name.s : vendor.s);
	return text;
}

unsigned int machine_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return CPU_COUNT(&set);
}

struct out_text machine_clocksource(void)
{
	struct out_text text = first_line(CLOCKSOURCE);

	if (!*text.s)
		snprintf(text.s, sizeof(text.s), "unknown");
	return text;
}
