/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The search for deadlocks, for the model checker SPIN.
 *
 * Modelled: deadlock.c, and of sem.c what calls it.  Each thread takes one object
 * and then another, while the others do the same: in several orders or, with
 * AGAIN, in one in which a thread comes back to an object that it had before.
 *
 * What must hold: all come to an end, that is, no cycle is missed (quiet); and
 * who is refused was in a cycle at one moment of its wait (refuse).
 */
c_decl {
	static int bug, again;
	int number(const char *name, int otherwise);
}

c_code {
	int number(const char *name, int otherwise)
	{
		const char *text = getenv(name);

		return text ? atoi(text) : otherwise;
	}
}

#define LATE_ANNOUNCE	c_expr { bug == 1 }
#define LOOK_ONCE	c_expr { bug == 2 }
#define NO_WALK		c_expr { bug == 3 }

#define IS_AGAIN	c_expr { again }

#define THREADS		3
#define MANY		4

byte owner[MANY];	/* of each object: a thread, 0: free */
byte waits[MANY];	/* kgil_wait.obj of each thread */
byte counted[MANY];	/* kgil_wait.number */
byte marked[MANY];	/* kgil_wait.walk_number */
byte queued[MANY];	/* for which object it is in the queue */
bit mutex;
bit in_cycle[MANY];	/* was, at one moment of this wait */
byte done;

/* Does the way from @who come back to it? */
#define AFTER(who)	owner[waits[who]]
#define CYCLE(who) \
	(waits[who] && AFTER(who) && waits[AFTER(who)] && \
	 (AFTER(AFTER(who)) == who || \
	  (AFTER(AFTER(who)) && waits[AFTER(AFTER(who))] && \
	   AFTER(AFTER(AFTER(who))) == who)))

/* After each change of who owns or waits. */
inline note()
{
	in_cycle[1] = in_cycle[1] || CYCLE(1);
	in_cycle[2] = in_cycle[2] || CYCLE(2);
	in_cycle[3] = in_cycle[3] || CYCLE(3)
}

/* kgil_wait_announce() */
inline announce(what)
{
	counted[me]++;
	atomic { in_cycle[me] = 0; waits[me] = what; note() }
}

/* kgil_walk(); how: 0 look, 1 mark, 2 compare.  found: it came to the caller. */
inline walk(what, how)
{
	here = what;
	hops = 0;
	found = 0;
	do
	:: hops > THREADS -> break
	:: else ->
		hops++;
		/* kgil_walk_hop() */
		who = owner[here];
		if
		:: who == 0 -> break
		:: who == me -> found = 1; break
		:: else
		fi;
		/* kgil_walk_by() */
		seen = counted[who];
		if
		:: how == 1 -> marked[who] = seen
		:: else
		fi;
		next = waits[who];
		if
		:: how == 2 && marked[who] != counted[who] -> next = 0
		:: else
		fi;
		if
		:: next == 0 || next == here -> break
		:: else -> here = next
		fi
	od;
	here = 0;
	hops = 0;
	who = 0;
	seen = 0;
	next = 0
}

/* refused: it would close a cycle; else the caller has it. */
inline acquire(what)
{
	refused = 0;
	if
	:: atomic { owner[what] == 0 -> owner[what] = me; note() }
	:: else ->
		if
		:: !LATE_ANNOUNCE -> announce(what)
		:: else
		fi;
		/* kgil_wait_is_nested(), kgil_deadlock_check() */
		if
		:: NO_WALK -> found = 0
		:: else -> walk(what, 0)
		fi;
		if
		:: found && !LOOK_ONCE ->
			/* kgil_walk_again() */
			atomic { !mutex -> mutex = 1 }
			walk(what, 1);
			if
			:: found -> walk(what, 2)
			:: else
			fi;
			if
			:: found -> refuse()
			:: else
			fi;
			mutex = 0
		:: found && LOOK_ONCE -> refuse()
		:: else
		fi;
		if
		:: !refused ->
			if
			:: LATE_ANNOUNCE -> announce(what)
			:: else
			fi;
			atomic {
				if
				:: owner[what] == 0 -> owner[what] = me; note()
				:: else -> queued[me] = what
				fi
			}
			queued[me] == 0;
			/* kgil_wait_over() */
			waits[me] = 0
		:: else
		fi;
		found = 0
	fi
}

inline refuse()
{
	atomic {
		assert(in_cycle[me]);
		waits[me] = 0;
		refused = 1
	}
}

/* To one of those that wait, if there is one. */
inline release(what)
{
	atomic {
		if
		:: queued[1] == what -> owner[what] = 1; queued[1] = 0
		:: queued[2] == what -> owner[what] = 2; queued[2] = 0
		:: queued[3] == what -> owner[what] = 3; queued[3] = 0
		:: else -> owner[what] = 0
		fi;
		note()
	}
}

proctype thread(byte me; byte before; byte first; byte second)
{
	byte here, hops, who, seen, next;
	bit found, refused;

	if
	:: before -> acquire(before); release(before)
	:: else
	fi;
	acquire(first);
	assert(!refused);
	acquire(second);
	if
	:: !refused -> release(second)
	:: else
	fi;
	release(first);
	done++
}

proctype quiet()
{
	timeout ->
	assert(done == THREADS)
}

init
{
	atomic {
		c_code { bug = number("BUG", 0); again = number("AGAIN", 0); };
		if
		:: IS_AGAIN ->
			run thread(1, 0, 1, 2);
			run thread(2, 0, 2, 3);
			run thread(3, 3, 3, 1)
		:: else ->
			if
			:: run thread(1, 0, 1, 2)
			:: run thread(1, 0, 1, 3)
			fi;
			if
			:: run thread(2, 0, 2, 1)
			:: run thread(2, 0, 2, 3)
			:: run thread(2, 0, 1, 2)
			fi;
			if
			:: run thread(3, 0, 3, 1)
			:: run thread(3, 0, 3, 2)
			:: run thread(3, 0, 2, 1)
			fi
		fi;
		run quiet()
	}
}
