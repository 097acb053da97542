/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lua's hooks for a global lock, on a GIL of kgil: with
 * -DLUA_USER_H='"lua_kgil.h"' Lua compiles them in.
 *
 * Lua holds the lock while its core runs.  It drops it around each C function, so
 * that one that blocks holds up nobody, and at times when it has made an object.
 */
#ifndef LUA_KGIL_H
#define LUA_KGIL_H

#include <kgil.h>

/* In the space that Lua keeps for its host; a coroutine gets a copy. */
#define lua_kgil(L) (*(struct kgil **)lua_getextraspace(L))

#define lua_lock(L) lua_kgil_lock(lua_kgil(L))
#define lua_unlock(L) lua_kgil_unlock(lua_kgil(L))
#define luai_threadyield(L) lua_kgil_yield(lua_kgil(L))
#define luai_userstateopen(L)                      \
	do {                                       \
		lua_kgil(L) = kgil_gil_new(0);     \
		if (!lua_kgil(L))                  \
			luaD_throw(L, LUA_ERRMEM); \
	} while (0)
#define luai_userstateclose(L) lua_kgil_close(lua_kgil(L))

/* A call of libkgil failed.  If there is nothing to be done, the program ends. */
void lua_kgil_trouble(struct kgil *gil, const char *what);

static inline void lua_kgil_lock(struct kgil *gil)
{
	if (__builtin_expect(kgil_gil_acquire(gil), 0))
		lua_kgil_trouble(gil, "lua_lock");
}

static inline void lua_kgil_unlock(struct kgil *gil)
{
	if (__builtin_expect(kgil_gil_release(gil), 0))
		lua_kgil_trouble(gil, "lua_unlock");
}

static inline void lua_kgil_yield(struct kgil *gil)
{
	if (__builtin_expect(kgil_gil_check(gil), 0))
		lua_kgil_trouble(gil, "luai_threadyield");
}

/* The state is closed by a thread that holds its lock. */
static inline void lua_kgil_close(struct kgil *gil)
{
	if (gil && kgil_gil_held(gil))
		lua_kgil_unlock(gil);
	kgil_gil_free(gil);
}

#endif /* LUA_KGIL_H */
