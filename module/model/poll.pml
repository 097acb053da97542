/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Polling one object, for the model checker SPIN.
 *
 * Modelled: poll.c, kgil_is_watched() and the thaw in word.h, what a release, a
 * waiter that gives up and a gil that is kept tell pollers (sem.c, drop.c, gil.c),
 * and users of the word.  Each inline and label carries the name of the function
 * that it stands for.  How waiters are woken is in wait.pml, and left out here: a
 * waiter sees a grant at once.
 *
 * Left to chance: who acquires by the word, by a call or tries; whether a waiter
 * gives up, and when; whether a gil is kept for its last owner, and for how long;
 * whether a poller looks once, waits for the next event or leaves, like one of
 * poll(), or stays in the queue whatever it saw, like an edge-triggered one of epoll.
 *
 * What must hold, when nobody can do anything any more (quiet):
 *   - who is in the wait queue and saw the object taken does not sleep while it is
 *     free
 *   - who is in the wait queue was woken, or looked, after each time that the object
 *     became free, whatever it saw before
 *   - once nobody polls, the next call ends that every step is a call
 */

c_decl {
	enum { GIL, LOCK };
	static int type, threads, pollers, rounds, fair, bug;
	int number(const char *name, int otherwise);
}

c_code {
	int number(const char *name, int otherwise)
	{
		const char *text = getenv(name);

		return text ? atoi(text) : otherwise;
	}
}

#define IS_LOCK		c_expr { type == LOCK }
#define IS_FAIR		c_expr { fair }
#define THREADS		c_expr { threads }
#define POLLERS		c_expr { pollers }

/* The deliberate faults. */
#define LOOK_FIRST	c_expr { bug == 1 }
#define NOT_WATCHED	c_expr { bug == 2 }
#define WHILE_TAKEN	c_expr { bug == 3 }
#define SET_FIRST	c_expr { bug == 4 }
#define NEWS_LOST	c_expr { bug == 5 }
#define KEPT_IN_SILENCE	c_expr { bug == 6 }
#define ALWAYS_WATCHED	c_expr { bug == 7 }
#define QUIET_RELEASE	c_expr { bug == 8 }

#define MOST		4

/* The word: 0 is free, else the owner. */
#define WAITERS		128
#define CALL		32
#define VALUE(w)	((w) & 31)

/* struct kgil_page, struct kgil_object */
byte word;
bit lock;
bit polled;		/* KGIL_POLLED */
bit news;		/* KGIL_POLL_NEWS */
byte kept;
byte length;
byte trying;

/* Waiters: in the queue, and granted. */
bit waits[MOST];
bit granted[MOST];

/* Pollers: in the wait queue of the object, and woken since they looked last. */
bit joined[MOST];
bit awake[MOST];

/* Scratch of who has the lock. */
byte frozen;

/* What is true, whatever the object says. */
bit open = 1;		/* an acquire would not block */
bit missed[MOST];	/* it became so, and this poller neither was woken nor looked */
bit saw_taken[MOST];	/* this poller, when it looked last */
byte inside;

/* It became free while these were in the wait queue. */
inline becomes_open()
{
	missed[0] = joined[0];
	missed[1] = joined[1];
	missed[2] = joined[2];
	open = 1
}

/*
 * word.h and poll.c
 */
inline kgil_word_freeze()
{
	word = word | WAITERS;
	frozen = word & 127
}

inline kgil_is_watched()
{
	if
	:: joined[0] || joined[1] || joined[2] || ALWAYS_WATCHED
	:: else -> polled = 0; news = 0
	fi
}

inline kgil_word_thaw()
{
	if
	:: polled -> kgil_is_watched()
	:: else
	fi;
	if
	:: (polled && !NOT_WATCHED) || (length && !(IS_LOCK && trying)) ->
		word = frozen | WAITERS
	:: else -> word = frozen
	fi;
	if
	:: VALUE(frozen) == 0 && !kept && !open -> becomes_open()
	:: VALUE(frozen) || kept -> open = 0
	:: else
	fi;
	frozen = 0
}

inline kgil_poll_freed()
{
	news = polled
}

/* Those that wake_up_poll() finds in the wait queue. */
inline wake_up_poll()
{
	awake[0] = joined[0] || awake[0];
	awake[1] = joined[1] || awake[1];
	awake[2] = joined[2] || awake[2];
	missed[0] = 0;
	missed[1] = 0;
	missed[2] = 0
}

inline kgil_unlock_and_wake(told)
{
	atomic {
		told = news && !NEWS_LOST;
		news = 0;
		lock = 0
	}
	atomic {
		if
		:: told -> wake_up_poll(); told = 0
		:: else
		fi
	}
}

/*
 * sem.c, gil.c, drop.c
 */
inline kgil_sem_grant(who)
{
	waits[who] = 0;
	granted[who] = 1;
	length--;
	trying = (trying == who -> 0 : trying);
	kept = 0;
	frozen = who | CALL;
	kgil_word_thaw()
}

/* To any of those who wait: the policy is left to chance. */
inline grant_any()
{
	if
	:: waits[1] -> kgil_sem_grant(1)
	:: waits[2] -> kgil_sem_grant(2)
	:: waits[3] -> kgil_sem_grant(3)
	fi
}

inline kgil_call()
{
	if
	:: trying
	:: !trying && waits[1] -> trying = 1
	:: !trying && waits[2] -> trying = 2
	:: !trying && waits[3] -> trying = 3
	:: !length
	fi
}

inline kgil_sem_give(me)
{
	frozen = 0;
	if
	:: length && !(IS_LOCK && trying) -> grant_any()
	:: length && IS_FAIR -> kept = me; kgil_word_thaw() /* kgil_gil_keeps() */
	:: !length || IS_LOCK ->
		if
		:: !QUIET_RELEASE -> kgil_poll_freed()
		:: else
		fi;
		kgil_call();
		kgil_word_thaw()
	fi
}

/*
 * A thread that acquires and releases
 */
proctype thread(byte me)
{
	byte left;
	bit told;

	left = c_expr { rounds };
again:
	if
	:: left == 0 -> goto out
	:: else -> left--
	fi;

	/* By the word, or by a call. */
	if
	:: atomic { word == 0 -> word = me; open = 0; inside++; goto held }
	:: skip
	fi;

acquire: /* kgil_gil_acquire(), kgil_sem_acquire_locked() */
	atomic { lock == 0 -> lock = 1; kgil_word_freeze() }
	atomic {
		kept = (kept == me -> 0 : kept); /* kgil_gil_return() */
		if
		:: VALUE(frozen) == 0 && !kept ->
			frozen = me | CALL;
			kgil_word_thaw();
			lock = 0;
			inside++;
			goto held
		:: else
		fi;
		if
		:: kgil_word_thaw(); lock = 0; goto again /* a try */
		:: waits[me] = 1;
		   length++;
		   if
		   :: kept -> kept = 0; frozen = 0; grant_any()	/* kgil_gil_ends_keeping() */
		   :: IS_LOCK && !trying -> trying = me; kgil_word_thaw()
		   :: kgil_word_thaw()
		   fi
		fi
	}
	kgil_unlock_and_wake(told);

wait:
	if
	:: atomic { granted[me] -> granted[me] = 0; inside++; goto held }
	:: skip /* called to try, or gives up */
	fi;
	atomic {
		lock == 0 ->
		if
		:: granted[me] -> granted[me] = 0; inside++; goto held
		:: else -> lock = 1; kgil_word_freeze()
		fi
	}
	atomic {
		if
		:: trying == me && VALUE(frozen) == 0 && !kept ->
			/* kgil_sem_take_turn() */
			waits[me] = 0;
			length--;
			trying = 0;
			frozen = me | CALL;
			kgil_word_thaw();
			lock = 0;
			inside++;
			goto held
		:: else
		fi;
		/* kgil_sem_give_up() */
		waits[me] = 0;
		length--;
		trying = (trying == me -> 0 : trying);
		if
		:: length == 0 && kept ->
			/* kgil_drop_lost_waiter() */
			if
			:: !KEPT_IN_SILENCE -> kgil_poll_freed()
			:: else
			fi;
			kept = 0
		:: else
		fi;
		if
		:: VALUE(frozen) == 0 && IS_LOCK -> kgil_call(); kgil_word_thaw()
		:: VALUE(frozen) == 0 && !IS_LOCK && length -> kept = 0; grant_any()
		:: else -> kgil_word_thaw()
		fi
	}
	kgil_unlock_and_wake(told);
	goto again;

held:
	assert(inside == 1);
	inside--;
	/* By the word, if that took it and nobody waits or polls. */
	if
	:: atomic { word == me -> word = 0; becomes_open(); goto again }
	:: skip
	fi;
	/* kgil_gil_release(), kgil_sem_release_locked() */
	atomic { lock == 0 -> lock = 1; kgil_word_freeze() }
	atomic {
		assert(VALUE(frozen) == me);
		if
		:: length || polled -> kgil_sem_give(me)
		:: else -> frozen = 0; kgil_word_thaw()
		fi
	}
	kgil_unlock_and_wake(told);
	goto again;
out:
	skip
}

/* The timer of a gil that is kept: kgil_drop_due_now(). */
proctype kgil_drop_expired()
{
	bit told;

end:	do
	:: atomic {
		kept && lock == 0 ->
		lock = 1;
		kgil_word_freeze();
		kept = 0;
		if
		:: length && VALUE(frozen) == 0 -> grant_any()
		:: else -> kgil_word_thaw()
		fi
	   }
	   kgil_unlock_and_wake(told)
	od
}

inline join()
{
	atomic {
		joined[me] = 1;
		missed[me] = 0;
		saw_taken[me] = 0
	}
}

/* Under the lock. */
inline kgil_poll_events()
{
	saw_taken[me] = VALUE(frozen) != 0 || kept;
	missed[me] = 0
}

proctype poller(byte me)
{
	byte left;

	left = c_expr { rounds };
again:
	if
	:: left == 0 -> goto out
	:: else -> left--
	fi;
	if
	:: SET_FIRST ->
		atomic { lock == 0 -> lock = 1; kgil_word_freeze() }
		atomic { polled = 1; kgil_word_thaw(); lock = 0 }
	:: else
	fi;
	if
	:: !LOOK_FIRST -> join() /* poll_wait() */
	:: else
	fi;

look: /* kgil_poll() */
	atomic { lock == 0 -> lock = 1; kgil_word_freeze() }
	atomic {
		kgil_poll_events();
		if
		:: SET_FIRST || (WHILE_TAKEN && !saw_taken[me])
		:: else -> polled = 1
		fi;
		kgil_word_thaw();
		lock = 0
	}
	if
	:: LOOK_FIRST && !joined[me] -> joined[me] = 1
	:: else
	fi;
	if
	:: goto end_sleep
	:: atomic { joined[me] = 0; awake[me] = 0; goto again }
	fi;

end_sleep: /* poll_schedule_timeout(), epoll_wait() */
	atomic { awake[me] -> awake[me] = 0 }
	goto look;
out:
	skip
}

/* Nobody can do anything any more. */
proctype quiet()
{
	timeout ->
	assert(!lock && !inside && !length && !kept && open);
	assert(!(joined[0] && (missed[0] || saw_taken[0])));
	assert(!(joined[1] && (missed[1] || saw_taken[1])));
	assert(!(joined[2] && (missed[2] || saw_taken[2])));
	/* The next call. */
	atomic {
		kgil_word_freeze();
		kgil_word_thaw();
		assert(word == 0 || joined[0] || joined[1] || joined[2])
	}
}

init
{
	atomic {
		c_code {
			type = number("TYPE", GIL);
			threads = number("THREADS", 2);
			pollers = number("POLLERS", 1);
			rounds = number("ROUNDS", 1);
			fair = number("FAIR", 0);
			bug = number("BUG", 0);
		};
		run thread(1);
		if
		:: THREADS > 1 -> run thread(2)
		:: else
		fi;
		if
		:: THREADS > 2 -> run thread(3)
		:: else
		fi;
		run poller(0);
		if
		:: POLLERS > 1 -> run poller(1)
		:: else
		fi;
		if
		:: POLLERS > 2 -> run poller(2)
		:: else
		fi;
		run kgil_drop_expired();
		run quiet()
	}
}
