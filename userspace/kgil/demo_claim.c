// SPDX-License-Identifier: GPL-2.0
/* Claims: what a part says is true, held against what it measured. */
#include <math.h>
#include <stdio.h>

#include "demo.h"
#include "out.h"

static const char *const relations[] = {
	[DEMO_EXACTLY] = "exactly",
	[DEMO_AT_MOST] = "at most",
	[DEMO_AT_LEAST] = "at least",
};

static struct out_text number(double value)
{
	struct out_text text;

	if (value >= 100 || value == floor(value))
		return out_count(llround(value));
	snprintf(text.s, sizeof(text.s), "%.2f", value);
	return text;
}

static bool holds(double measured, enum demo_relation relation, double bound)
{
	switch (relation) {
	case DEMO_EXACTLY:
		return measured == bound;
	case DEMO_AT_MOST:
		return measured <= bound;
	case DEMO_AT_LEAST:
		return measured >= bound;
	}
	return false;
}

bool demo_claim(struct demo *demo, const char *id, const char *text, double measured,
		enum demo_relation relation, double bound)
{
	struct json_object *claim = json_object_new_object();
	bool ok = holds(measured, relation, bound);

	demo_put_int(claim, "part", demo->part);
	demo_put_text(claim, "id", id);
	demo_put_text(claim, "claim", text);
	demo_put_text(claim, "relation", relations[relation]);
	demo_put_double(claim, "expected", bound);
	demo_put_double(claim, "measured", measured);
	demo_put_bool(claim, "holds", ok);
	json_object_array_add(demo->claims, claim);
	if (ok)
		demo->borne_out++;
	else
		demo->not_borne_out++;
	demo->broken += !ok;
	return ok;
}

void demo_no_claim(struct demo *demo, const char *text, const char *why)
{
	struct json_object *claim = json_object_new_object();
	char line[256];

	demo_put_int(claim, "part", demo->part);
	demo_put_text(claim, "claim", text);
	demo_put_text(claim, "why", why);
	json_object_array_add(demo->not_claimed, claim);
	if (out_json)
		return;
	snprintf(line, sizeof(line), "Not claimed here: %s: %s.", text, why);
	putchar('\n');
	out_wrapped(0, line);
}

/**
 * struct claim - a claim read back from its JSON
 * @part: who made it
 * @text: what it says
 * @expected: relation and bound
 * @measured: what was measured
 * @holds: whether that fits
 */
struct claim {
	int part;
	const char *text;
	struct out_text expected;
	struct out_text measured;
	bool holds;
};

static struct json_object *get(struct json_object *object, const char *key)
{
	return json_object_object_get(object, key);
}

static void read_claim(struct claim *claim, struct json_object *json)
{
	double bound = json_object_get_double(get(json, "expected"));

	claim->part = json_object_get_int(get(json, "part"));
	claim->text = json_object_get_string(get(json, "claim"));
	claim->measured = number(json_object_get_double(get(json, "measured")));
	claim->holds = json_object_get_boolean(get(json, "holds"));
	snprintf(claim->expected.s, sizeof(claim->expected.s), "%s %.20s",
		 json_object_get_string(get(json, "relation")), number(bound).s);
}

static void print_broken(const struct claim *claim)
{
	char line[256];

	snprintf(line, sizeof(line), "NOT BORNE OUT: %s: expected %s, measured %s.", claim->text,
		 claim->expected.s, claim->measured.s);
	fputs(out_style(OUT_RED), stdout);
	out_wrapped(0, line);
	fputs(out_style(OUT_RESET), stdout);
}

void demo_means(struct demo *demo, const char *text)
{
	struct claim claim;
	size_t i;

	demo_put_text(demo->result, "means", demo->broken ? "" : text);
	if (out_json)
		return;
	putchar('\n');
	if (!demo->broken) {
		out_wrapped(0, text);
		return;
	}
	for (i = 0; i < json_object_array_length(demo->claims); i++) {
		read_claim(&claim, json_object_array_get_idx(demo->claims, i));
		if (claim.part == (int)demo->part && !claim.holds)
			print_broken(&claim);
	}
}

void demo_summary(const struct demo *demo)
{
	static const struct out_column columns[] = {
		{ "part", OUT_RIGHT },
		{ "claim", OUT_LEFT },
		{ "expected", OUT_LEFT },
		{ "measured", OUT_RIGHT },
		{ "holds", OUT_LEFT },
	};
	struct out_table *table = out_table_new(columns, 5);
	struct claim claim;
	size_t i;

	printf("\n%sSummary: what was claimed%s\n\n", out_style(OUT_BOLD), out_style(OUT_RESET));
	for (i = 0; i < json_object_array_length(demo->claims); i++) {
		read_claim(&claim, json_object_array_get_idx(demo->claims, i));
		out_table_cell(table, "%d", claim.part);
		out_table_cell(table, "%s", claim.text);
		out_table_cell(table, "%s", claim.expected.s);
		out_table_cell(table, "%s", claim.measured.s);
		out_table_cell(table, "%s", claim.holds ? "yes" : "NO");
	}
	out_table_print(table);
	printf("\n%u of %u claims borne out by this run, path %s.\n", demo->borne_out,
	       demo->borne_out + demo->not_borne_out, path_words[demo->path]);
}

struct json_object *demo_row(struct demo *demo, const char *name)
{
	struct json_object *rows = json_object_object_get(demo->result, name);
	struct json_object *row = json_object_new_object();

	if (!rows) {
		rows = json_object_new_array();
		json_object_object_add(demo->result, name, rows);
	}
	json_object_array_add(rows, row);
	return row;
}

void demo_put_int(struct json_object *row, const char *key, int64_t value)
{
	json_object_object_add(row, key, json_object_new_int64(value));
}

void demo_put_double(struct json_object *row, const char *key, double value)
{
	json_object_object_add(row, key, json_object_new_double(value));
}

void demo_put_bool(struct json_object *row, const char *key, bool value)
{
	json_object_object_add(row, key, json_object_new_boolean(value));
}

void demo_put_text(struct json_object *row, const char *key, const char *value)
{
	json_object_object_add(row, key, json_object_new_string(value));
}
