/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who keeps an object and a tie alive, for the model checker SPIN.
 *
 * Modelled: object.c (kgil_object_release), owner.c (kgil_untie_object,
 * kgil_bury, kgil_bury_one, kgil_tie_remove), register.c (kgil_register_get) and
 * the timer of drop.c.  The last descriptor is closed while the owner dies,
 * while a reader of netlink or /proc looks, and while the timer runs.
 *
 * What must hold: nobody touches what was freed, all is freed in the end, and
 * freed once.  tests/model/run says which deliberate faults have to be found.
 */
c_decl {
	static int bug;
	int number(const char *name, int otherwise);
}

c_code {
	int number(const char *name, int otherwise)
	{
		const char *text = getenv(name);

		return text ? atoi(text) : otherwise;
	}
}

#define PLAIN_GET	c_expr { bug == 1 }
#define NO_UNTIE	c_expr { bug == 2 }
#define LATE_GET	c_expr { bug == 3 }
#define NO_RCU		c_expr { bug == 4 }
#define NO_CANCEL	c_expr { bug == 5 }
#define STAYS_LISTED	c_expr { bug == 6 }

byte refs = 1;		/* obj->ref: one for the file */
bit released;		/* kgil_object_release() has begun */
bit freed;		/* the object's memory */
bit registered = 1;
bit listed = 1;		/* the tie, in the object's and the thread's list */
bit tie_freed;
bit mutex;		/* kgil_ties_mutex */
byte readers;		/* RCU sections that run */
bit armed = 1;
byte gone;		/* processes that are through */

inline use_object()
{
	assert(!freed)
}

inline use_tie()
{
	assert(!tie_freed)
}

/* kgil_tie_free() */
inline tie_free()
{
	use_tie();
	tie_freed = 1
}

/* kgil_object_put(), and kgil_object_release() for who was the last */
inline put()
{
	atomic {
		use_object();
		assert(refs > 0);
		refs--;
		last = refs == 0
	}
	if
	:: last ->
		assert(!released);
		released = 1;
		/* kgil_untie_object() */
		if
		:: !NO_UNTIE ->
			atomic { !mutex -> mutex = 1 }
			mine = listed;
			listed = 0;
			mutex = 0;
			if
			:: mine -> tie_free()
			:: else
			fi
		:: else
		fi;
		registered = STAYS_LISTED;
		/* hrtimer_cancel() waits for one that runs. */
		if
		:: NO_CANCEL
		:: atomic { !NO_CANCEL -> armed = 0 }
			!running
		fi;
		/* kfree_rcu() */
		if
		:: NO_RCU
		:: !NO_RCU -> readers == 0
		fi;
		use_object();
		freed = 1
	:: else
	fi;
	last = 0
}

bit running;

proctype file()
{
	bit last, mine;

	put();
	gone++
}

proctype kgil_bury()
{
	bit last, mine, got;

	/* kgil_bury_one() */
	atomic { !mutex -> mutex = 1 }
	if
	:: listed ->
		mine = 1;
		/* kgil_tie_remove(), with the object's lock */
		use_object();
		listed = 0;
		if
		:: LATE_GET -> mutex = 0
		:: else
		fi;
		if
		:: atomic { refs > 0 || PLAIN_GET -> use_object(); refs++; got = 1 }
		:: atomic { refs == 0 && !PLAIN_GET -> use_object() }
		fi
	:: else
	fi;
	mutex = 0;
	if
	:: got ->
		/* kgil_owner_dies() */
		use_object();
		use_tie();
		mine = 0;
		put();
		mine = 1
	:: else
	fi;
	if
	:: mine -> tie_free()
	:: else
	fi;
	gone++
}

/* A reader of netlink or /proc, register.c. */
proctype reader()
{
	bit last, mine, got;

	readers++;
	if
	:: registered ->
		/* kref_get_unless_zero() */
		atomic {
			use_object();
			if
			:: refs > 0 || PLAIN_GET -> refs++; got = 1
			:: else
			fi
		}
	:: else
	fi;
	readers--;
	if
	:: got -> use_object(); put()
	:: else
	fi;
	gone++
}

/* The timer; it holds no reference. */
proctype kgil_drop_expired()
{
end:	do
	:: atomic { armed && !running -> running = 1; armed = 0 }
		use_object();
		if
		:: armed = !released
		:: skip
		fi;
		running = 0
	od
}

proctype quiet()
{
	timeout ->
	assert(gone == 3);
	assert(refs == 0 && freed && tie_freed && !listed)
}

init
{
	atomic {
		c_code { bug = number("BUG", 0); };
		run file();
		run kgil_bury();
		run reader();
		run kgil_drop_expired();
		run quiet()
	}
}
