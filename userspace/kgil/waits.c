// SPDX-License-Identifier: GPL-2.0
/*
 * Who waits for whom: a tree from each owner that doesn't wait to all that wait
 * for it, and for those in turn.
 */
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "err.h"
#include "net.h"
#include "net_thread.h"
#include "out.h"
#include "waits.h"

/* How much further to the right a waiter and what it owns are. */
#define INDENT 4
/* Owners that wait in a row are printed so far. */
#define DEPTH_MAX 1024

/**
 * struct node - an object that somebody waits for
 * @object: the object
 * @owner: who owns it; NULL: nobody, or unknown
 * @waiters: first of those that wait, at @n in a row with others of the object
 * @n: how many threads of the object there are in @waiters
 * @shown: it was printed
 */
struct node {
	const struct net_object *object;
	const struct net_thread *owner;
	const struct net_thread *waiters;
	unsigned int n;
	bool shown;
};

struct graph {
	struct node *nodes;
	unsigned int n;
};

/* The two dumps are of one order: by object. */
static void find_threads(struct node *node, const struct net_thread *threads, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n && threads[i].object < node->object->id; i++)
		;
	node->waiters = &threads[i];
	for (; i < n && threads[i].object == node->object->id; i++) {
		node->n++;
		if (threads[i].state == KGIL_THREAD_OWNER)
			node->owner = &threads[i];
	}
}

static void make_graph(struct graph *graph, const struct net_object *objects, unsigned int n,
		       const struct net_thread *threads, unsigned int n_threads)
{
	unsigned int i;

	graph->nodes = out_alloc(n * sizeof(*graph->nodes));
	graph->n = 0;
	for (i = 0; i < n; i++) {
		if (!objects[i].waiters)
			continue;
		graph->nodes[graph->n].object = &objects[i];
		find_threads(&graph->nodes[graph->n++], threads, n_threads);
	}
}

static bool is_waiter(const struct net_thread *thread)
{
	return thread->state == KGIL_THREAD_WAITER;
}

/* Are both the same thread?  One without an id is known by its number. */
static bool same(const struct net_thread *a, const struct net_thread *b)
{
	if (a->id && b->id)
		return a->id == b->id;
	return a->tid && a->tid == b->tid;
}

/* Does the owner of @node wait for another one of them? */
static bool owner_waits(const struct graph *graph, const struct node *node)
{
	unsigned int i, j;

	if (!node->owner)
		return false;
	for (i = 0; i < graph->n; i++)
		for (j = 0; j < graph->nodes[i].n; j++)
			if (is_waiter(&graph->nodes[i].waiters[j]) &&
			    same(&graph->nodes[i].waiters[j], node->owner))
				return true;
	return false;
}

/* ------------------------------------------------------------------- text */

static void put_thread(const struct net_thread *thread)
{
	if (thread->tid)
		printf("%u%s%s%s", thread->tid, *thread->comm ? " (" : "", thread->comm,
		       *thread->comm ? ")" : "");
	else if (thread->id)
		printf("thread id %llu", (unsigned long long)thread->id);
	else
		fputs("?", stdout);
}

static void put_object(const struct node *node, unsigned int depth)
{
	printf("%*s%s%s %llu%s", INDENT * 2 * depth, "", out_style(OUT_BOLD),
	       net_type_name(node->object->type).s, (unsigned long long)node->object->id,
	       out_style(OUT_RESET));
	if (*node->object->name)
		printf(" \"%s\"", node->object->name);
	fputs(", ", stdout);
	if (node->owner) {
		fputs(node->object->type == KGIL_TYPE_LOCK ? "taken by " : "owner ", stdout);
		put_thread(node->owner);
		putchar('\n');
		return;
	}
	/* Whose is a sem's? */
	puts(net_has(node->object, KGIL_A_OBJECT_OWNER) ? "owner unknown" :
							  net_state_name(node->object).s);
}

static void put_node(struct graph *graph, struct node *node, unsigned int depth);

/* What @thread owns and others wait for. */
static void put_owned(struct graph *graph, const struct net_thread *thread, unsigned int depth)
{
	unsigned int i;

	for (i = 0; i < graph->n; i++)
		if (graph->nodes[i].owner && same(graph->nodes[i].owner, thread) &&
		    !graph->nodes[i].shown && depth < DEPTH_MAX)
			put_node(graph, &graph->nodes[i], depth);
}

static void put_node(struct graph *graph, struct node *node, unsigned int depth)
{
	unsigned int i, n = 0;

	node->shown = true;
	put_object(node, depth);
	for (i = 0; i < node->n; i++) {
		const struct net_thread *waiter = &node->waiters[i];

		if (!is_waiter(waiter))
			continue;
		printf("%*s<- ", (int)(INDENT * (2 * depth + 1)), "");
		put_thread(waiter);
		printf(", %s\n", out_time(waiter->waited_ns).s);
		put_owned(graph, waiter, depth + 1);
		n++;
	}
	if (node->object->waiters > n)
		printf("%*s<- %u more\n", (int)(INDENT * (2 * depth + 1)), "",
		       node->object->waiters - n);
}

static void print_text(struct graph *graph)
{
	unsigned int i;

	for (i = 0; i < graph->n; i++)
		if (!owner_waits(graph, &graph->nodes[i]))
			put_node(graph, &graph->nodes[i], 0);
	/* In a circle, as the two lists are not of one moment. */
	for (i = 0; i < graph->n; i++)
		if (!graph->nodes[i].shown)
			put_node(graph, &graph->nodes[i], 0);
	if (!graph->n)
		puts("nobody waits");
}

/* ------------------------------------------------------------------- JSON */

static struct json_object *json_thread(const struct net_thread *thread)
{
	struct json_object *json = json_object_new_object();

	if (thread->id)
		out_json_number(json, "id", thread->id);
	if (thread->tid) {
		out_json_number(json, "pid", thread->pid);
		out_json_number(json, "tid", thread->tid);
		json_object_object_add(json, "comm", json_object_new_string(thread->comm));
	}
	if (is_waiter(thread))
		out_json_number(json, "waited_ns", thread->waited_ns);
	return json;
}

static struct json_object *json_node(const struct node *node)
{
	struct json_object *json = json_object_new_object();
	struct json_object *waiters = json_object_new_array();
	unsigned int i;

	out_json_number(json, "id", node->object->id);
	json_object_object_add(json, "type",
			       json_object_new_string(net_type_name(node->object->type).s));
	if (*node->object->name)
		json_object_object_add(json, "name", json_object_new_string(node->object->name));
	if (node->owner)
		json_object_object_add(json, "owner", json_thread(node->owner));
	out_json_number(json, "waiters", node->object->waiters);
	for (i = 0; i < node->n; i++)
		if (is_waiter(&node->waiters[i]))
			json_object_array_add(waiters, json_thread(&node->waiters[i]));
	json_object_object_add(json, "waiting", waiters);
	return json;
}

static void print_json(const struct graph *graph)
{
	struct json_object *json = json_object_new_object();
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < graph->n; i++)
		json_object_array_add(array, json_node(&graph->nodes[i]));
	json_object_object_add(json, "waits", array);
	out_json_print(json, false);
}

int waits_print(struct net_client *client)
{
	struct net_thread *threads = NULL;
	struct net_object *objects = NULL;
	unsigned int n, n_threads;
	struct graph graph;
	int status;

	status = net_dump(client, &objects, &n);
	if (!status)
		status = net_threads(client, 0, &threads, &n_threads);
	if (!status) {
		make_graph(&graph, objects, n, threads, n_threads);
		if (out_json)
			print_json(&graph);
		else
			print_text(&graph);
		free(graph.nodes);
	}
	free(objects);
	free(threads);
	return status;
}
