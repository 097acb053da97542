// SPDX-License-Identifier: GPL-2.0
/*
 * Run a Lua program in several threads of the operating system, in one Lua state.
 *
 * usage: lua-threads THREADS FILE
 *
 * The file is run once, then its global function work(n) by each thread, with
 * n from 1, in a coroutine of the thread's own, then its function finish().
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/* A loop that calls nothing and makes no object lets others in so often. */
#define HOOK_INSTRUCTIONS 10000
#define THREADS_MAX 1000

struct worker {
	lua_State *lua;
	pthread_t thread;
	int number;
	int failed;
};

/* Lua drops its lock to call a hook, and that is all that it is for. */
static void let_others_in(lua_State *lua, lua_Debug *where)
{
	(void)lua;
	(void)where;
}

/* Call a global function with @n, if it is not 0.  Returns whether it failed. */
static int call(lua_State *lua, const char *name, int n)
{
	lua_getglobal(lua, name);
	if (n)
		lua_pushinteger(lua, n);
	if (lua_pcall(lua, n != 0, 0, 0) == LUA_OK)
		return 0;
	fprintf(stderr, "lua-threads: %s: %s\n", name, lua_tostring(lua, -1));
	lua_pop(lua, 1);
	return 1;
}

static void *work(void *arg)
{
	struct worker *worker = arg;

	worker->failed = call(worker->lua, "work", worker->number);
	return NULL;
}

static int run_threads(lua_State *lua, struct worker *workers, int n)
{
	int started, failed = 0;

	luaL_checkstack(lua, n, "too many threads");
	for (started = 0; started < n; started++) {
		struct worker *worker = &workers[started];

		/* It stays on the stack, or it would be collected. */
		worker->lua = lua_newthread(lua);
		worker->number = started + 1;
		lua_sethook(worker->lua, let_others_in, LUA_MASKCOUNT, HOOK_INSTRUCTIONS);
		if (pthread_create(&worker->thread, NULL, work, worker))
			break;
	}
	for (int i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		failed += workers[i].failed;
	}
	if (started < n)
		fprintf(stderr, "lua-threads: only %d threads could be started\n", started);
	return failed || started < n;
}

static void print_stats(const struct kgil *gil)
{
	struct kgil_stats stats;

	if (kgil_stats(gil->fd, &stats))
		return;
	printf("%s: acquired %llu times, waited for %llu times, %llu times by another thread\n",
	       kgil_backend() == KGIL_BACKEND_MODULE ? "module" : "futexes",
	       (unsigned long long)stats.acquisitions, (unsigned long long)stats.contentions,
	       (unsigned long long)stats.switches);
}

static int run(lua_State *lua, const char *file, int n)
{
	struct worker *workers = calloc(n, sizeof(*workers));
	int failed = !workers;

	luaL_openlibs(lua);
	if (luaL_dofile(lua, file)) {
		fprintf(stderr, "lua-threads: %s\n", lua_tostring(lua, -1));
		failed = 1;
	}
	if (!failed)
		failed = run_threads(lua, workers, n);
	if (call(lua, "finish", 0))
		failed = 1;
	print_stats(lua_kgil(lua));
	free(workers);
	return failed;
}

int main(int argc, char **argv)
{
	int n = argc == 3 ? atoi(argv[1]) : 0;
	lua_State *lua;
	int failed;

	if (n < 1 || n > THREADS_MAX) {
		fprintf(stderr, "usage: lua-threads THREADS FILE; THREADS: 1 to %d\n", THREADS_MAX);
		return 2;
	}
	lua = luaL_newstate();
	if (!lua) {
		perror("lua-threads: no Lua state");
		return 1;
	}
	if (kgil_backend() == KGIL_BACKEND_FUTEX)
		fprintf(stderr, "lua-threads: futexes are used: %s\n",
			kgil_strerror(kgil_backend_reason()));
	failed = run(lua, argv[2], n);
	lua_close(lua);
	return failed;
}
