/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What machine this is: every time that is measured is one of this machine's.
 */
#ifndef KGIL_CMD_MACHINE_H
#define KGIL_CMD_MACHINE_H

#include <stdbool.h>

#include "out.h"

/* What a report says of times that were measured in emulation. */
#define MACHINE_EMULATED "software emulation: compare its times with each other only"

/* Does software interpret the processor's instructions? */
bool machine_emulated(void);

/* "software emulation (QEMU TCG)", "virtual machine (KVMKVMKVM)", "no hypervisor seen" */
struct out_text machine_name(void);

/* Processors that this process may use. */
unsigned int machine_cpus(void);

/* What the kernel reads the time from; "unknown" if it doesn't say. */
struct out_text machine_clocksource(void);

#endif /* KGIL_CMD_MACHINE_H */
