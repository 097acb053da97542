/* SPDX-License-Identifier: GPL-2.0 */
/* The picture of an object, as SVG and as Chrome's trace format. */
#ifndef KGIL_CMD_LANES_OUT_H
#define KGIL_CMD_LANES_OUT_H

#include <stdio.h>

#include "svg.h"

struct json_object;
struct lanes;
struct trace;

void lanes_svg(const struct lanes *lanes, FILE *file, enum svg_theme theme);
/* To be put by the caller. */
struct json_object *lanes_json(const struct lanes *lanes);
/* Who waited where, for flame graphs: "thread;function;function NANOSECONDS" a line. */
void lanes_stacks(const struct lanes *lanes, const struct trace *trace, FILE *file);
/* What the state is called in this picture. */
const char *lanes_state(const struct lanes *lanes, int state);
/* "gil 4 (fair)"; lasts until the next call. */
const char *lanes_title(const struct lanes *lanes);

#endif /* KGIL_CMD_LANES_OUT_H */
