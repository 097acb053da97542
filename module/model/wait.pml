/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wait core and the shared word of one object, for the model checker SPIN.
 *
 * Modelled: wait.c, sem.c, queue.c, word.h, what gil.c and lock.c add, the death
 * of an owner in owner.c, kgil_drop_expired() in drop.c, and the fast paths of
 * the library, userspace/libkgil/take.h.  Each inline and label carries the name
 * of the function that it stands for.  tests/model/run says which configurations
 * are searched, and which deliberate faults have to be found.
 *
 * One atomic block stands for a stretch of code in which others see at most one
 * thing change.  What is changed under the object's lock and read only under it
 * is one step with the next change that others can see: of the word, of a
 * waiter's grant, of a task's state.
 *
 * Left to chance, so that all courses of events are searched:
 *   time	whether a waiter was passed over for long, when a deadline or a timer
 *		is due, how long somebody spins
 *   the policy	of a fair gil: who is next, whether it is kept for its last owner
 *   users	how they acquire, release, try, yield and nest
 *   signals	when, to whom, and whether fatal; at most so many
 *
 * What must hold, whatever happens:
 *   - at most as many own it as there are units (enter())
 *   - who gets it after an owner died learns that, and nobody else does
 *     (enter(), quiet)
 *   - when nobody can do anything any more, nobody sleeps while it is free, and
 *     no unit was lost or made up (quiet): each release let exactly one proceed
 *   - nobody touches a waiter that is gone (touch())
 */

/* The configuration.  It doesn't change, and is no part of the state. */
c_decl {
	enum { GIL, SEM, LOCK, RLOCK };
	static int type, max, threads, rounds, word_users, fair, timeouts,
		   signals, kills, foreign, setter, barge, produced, bug;
	int number(const char *name, int otherwise);
}

c_code {
	int number(const char *name, int otherwise)
	{
		const char *text = getenv(name);

		return text ? atoi(text) : otherwise;
	}
}

#define IS_GIL		c_expr { type == GIL }
#define IS_SEM		c_expr { type == SEM }
#define IS_LOCK		c_expr { type == LOCK }
#define IS_RLOCK	c_expr { type == RLOCK }
#define IS_OWNED	c_expr { type == GIL || type == RLOCK }
#define IS_FAIR		c_expr { fair }
#define HAS_WORD	c_expr { word_users }
#define HAS_TIMEOUTS	c_expr { timeouts }
#define HAS_FOREIGN	c_expr { foreign }
#define HAS_SETTER	c_expr { setter }
#define HAS_SETTERS	c_expr { setter > 1 }
#define IS_PRODUCED	c_expr { produced }
#define UNITS		c_expr { max }
#define THREADS		c_expr { threads }

/* The deliberate faults. */
#define NO_FREEZE	c_expr { bug == 1 }
#define NO_WAITERS	c_expr { bug == 2 }
#define WAKE_FIRST	c_expr { bug == 3 }
#define CHECK_FIRST	c_expr { bug == 4 }
#define BLIND_GIVE_UP	c_expr { bug == 5 }
#define NO_PASS_ON	c_expr { bug == 6 }
#define NO_CALL_ON	c_expr { bug == 7 }
#define SILENT_PASS	c_expr { bug == 8 }
#define NO_HOLD_CHECK	c_expr { bug == 9 }
#define NO_DIED_FLAG	c_expr { bug == 10 }
#define LATE_TOUCH	c_expr { bug == 11 }
#define NEVER_ASLEEP	c_expr { bug == 12 }
#define BLIND_BURIAL	c_expr { bug == 13 }
#define NO_BURIAL	c_expr { bug == 14 }
#define NEWS_STAYS	c_expr { bug == 15 }
#define PLAIN_GIVE	c_expr { bug == 16 }
#define CALL_NOBODY	c_expr { bug == 17 }
#define CALL_NO_MORE	c_expr { bug == 18 }
#define SETTER_FORGETS	c_expr { bug == 19 }
#define TIE_STAYS	c_expr { bug == 20 }
#define DEPTH_STAYS	c_expr { bug == 21 }
#define SETTER_LEAVES	c_expr { bug == 22 }
#define ANY_HANDS_OVER	c_expr { bug == 23 }

/* Was granted a lock, and will be killed before it hears of it. */
#define is_doomed(who)	(IS_LOCK && fatal[who] && on_stack[who] && \
			 grant[who] == OWNED && frozen_as(word) == hold[who])
#define frozen_as(w)	((w) & 127)

#define MOST		4
#define MANY		5

/* The word.  Its value has five bits, which is enough here. */
#define WAITERS		128
#define OWNER_DIED	64
#define CALL		32
#define VALUE(w)	((w) & 31)
#define FREE(w)		((IS_SEM && VALUE(w) != 0) || (!IS_SEM && VALUE(w) == 0))

/* struct kgil_waiter.grant */
#define OWNED		0
#define DEAD		1
#define WAITING		2

/* What a wait ends with, beside a grant. */
#define INTERRUPTED	3
#define TIMED_OUT	4

/* struct kgil_page */
byte word;
byte depth;

/* struct kgil_object */
byte lock;
bit owner_died;
bit barging;
byte last;
byte kept;
bit kept_timed;
bit armed;
byte acquisitions;

/* struct kgil_queue; threads are called 1, 2, ... */
byte queue[MOST];
byte length;
byte trying;
byte spinning;
bit overdue;

/* struct kgil_waiter, of each thread */
byte grant[MANY];
bit turn[MANY];
bit asleep[MANY];
byte hold[MANY];
bit on_stack[MANY];

/* The task of each thread, and its record on the object. */
bit sleeps[MANY];
bit signal_pending[MANY];
bit fatal[MANY];
bit exiting[MANY];
bit tied[MANY];
bit buried[MANY];

/* Scratch of who has the lock: the frozen word, who is granted, and with what. */
byte frozen;
byte chosen;
byte result;

/* What is true, whatever the object says. */
byte inside;		/* users who own it */
byte lost;		/* units of a sem or lock that are used up: somebody died */
byte left_to_others;	/* holds of a lock that another thread is to end */
bit died_inside;	/* the last owner did, and nobody was told */
byte done;

/*
 * What must hold
 */
inline enter(told)
{
	inside++;
	assert(inside <= UNITS);
	if
	:: IS_OWNED ->
		assert((told == DEAD) == died_inside);
		died_inside = 0
	:: else -> assert(told == OWNED)
	fi
}

inline touch(who)
{
	assert(on_stack[who])
}

/*
 * word.h
 */
inline kgil_word_freeze()
{
	if
	:: !HAS_WORD || NO_FREEZE
	:: else -> word = word | WAITERS
	fi;
	frozen = word & 127
}

inline kgil_word_thaw()
{
	if
	:: length > 0 && (!barging || overdue || !trying) && !NO_WAITERS ->
		word = frozen | WAITERS
	:: else -> word = frozen
	fi
}

/*
 * queue.c
 */
inline kgil_queue_add(who)
{
	queue[length] = who;
	length++;
	if
	:: length == 1 -> overdue = 0
	:: else
	fi
}

inline kgil_queue_del(who)
{
	touch(who);
	if
	:: queue[0] == who ->
		overdue = 0;
		queue[0] = queue[1];
		queue[1] = queue[2];
		queue[2] = queue[3]
	:: queue[1] == who ->
		queue[1] = queue[2];
		queue[2] = queue[3]
	:: queue[2] == who ->
		queue[2] = queue[3]
	:: queue[3] == who
	:: else -> assert(BLIND_GIVE_UP)
	fi;
	queue[3] = 0;
	length--;
	if
	:: trying == who -> trying = 0
	:: else
	fi;
	if
	:: spinning == who -> spinning = 0
	:: else
	fi
}

/* Whom a fair gil takes is the policy's decision. */
inline kgil_queue_next()
{
	if
	:: chosen = queue[0]
	:: IS_FAIR && length > 1 -> chosen = queue[1]
	:: IS_FAIR && length > 2 -> chosen = queue[2]
	fi
}

/*
 * wait.c
 */
inline task_to_wake(who, next)
{
	touch(who);
	if
	:: asleep[who] -> next = who
	:: else -> next = 0
	fi
}

inline kgil_call(who, next)
{
	if
	:: trying == who || CALL_NOBODY -> next = 0
	:: else ->
		trying = who;
		turn[who] = 1;
		if
		:: barging -> armed = 1
		:: else
		fi;
		task_to_wake(who, next)
	fi
}

/* Without a reference to the task this would be a use after free, too. */
inline kgil_wake(next)
{
	atomic {
		if
		:: next -> sleeps[next] = 0; next = 0
		:: else
		fi
	}
}

/* The end of each section under the lock: kgil_grant(), and the unlock. */
inline publish_and_unlock(next)
{
	if
	:: atomic {
		!WAKE_FIRST && !LATE_TOUCH ->
		publish();
		unlock()
	   }
	:: WAKE_FIRST ->
		kgil_wake(next);
		atomic { publish(); unlock() }
	:: LATE_TOUCH ->
		publish();
		if
		:: chosen -> task_to_wake(chosen, next)
		:: else
		fi;
		unlock()
	fi
}

inline publish()
{
	if
	:: chosen -> touch(chosen); grant[chosen] = result
	:: else
	fi
}

inline unlock()
{
	frozen = 0;
	chosen = 0;
	result = 0;
	lock = 0
}

/*
 * sem.c
 */
inline kgil_sem_news()
{
	result = (owner_died -> DEAD : OWNED);
	owner_died = (NEWS_STAYS -> owner_died : 0)
}

inline kgil_sem_take(who)
{
	if
	:: IS_OWNED ->
		last = who;
		frozen = who | CALL;
		depth = (IS_RLOCK && !DEPTH_STAYS -> 1 : depth)
	:: IS_SEM -> frozen = VALUE(frozen) - 1
	:: IS_LOCK ->
		/* Tells this hold from all others. */
		acquisitions++;
		frozen = acquisitions | CALL
	fi
}

inline kgil_sem_drop()
{
	if
	:: IS_SEM -> frozen = VALUE(frozen) + 1
	:: else ->
		frozen = (owner_died && !NO_DIED_FLAG -> OWNER_DIED : 0);
		depth = (DEPTH_STAYS -> depth : 0)
	fi
}

/* To who is chosen; who has the lock still has to publish it. */
inline kgil_sem_grant(next)
{
	kept = 0;
	kept_timed = 0;
	kgil_queue_del(chosen);
	kgil_sem_take(chosen);
	hold[chosen] = (IS_SEM -> 0 : frozen);
	kgil_word_thaw();
	kgil_sem_news();
	task_to_wake(chosen, next)
}

inline kgil_sem_free(next)
{
	if
	:: barging && length > 0 && !trying -> kgil_call(queue[0], next)
	:: else -> next = 0
	fi;
	kgil_word_thaw()
}

/* The word has a waiter's flag here, so that user space can't change it. */
inline kgil_sem_hand_over(next)
{
	kgil_word_freeze();
	kept = 0;
	kept_timed = 0;
	if
	:: length == 0 || !FREE(frozen) -> kgil_word_thaw(); next = 0
	:: else -> kgil_queue_next(); kgil_sem_grant(next)
	fi
}

/* The word is as it is with the unit that was given back. */
#define more_are_free()	(IS_SEM && VALUE(frozen) > 1)

/* kgil_gil_keeps() and kgil_gil_calls() decide by the policy. */
inline kgil_sem_give(next)
{
	kgil_sem_drop();
	if
	:: length > 0 -> /* kgil_sem_hands_over() */
		kgil_queue_next();
		if
		:: !barging || !more_are_free() || ANY_HANDS_OVER ->
			kgil_sem_grant(next)
		:: IS_FAIR && last && !owner_died ->
			chosen = 0;
			kept = last;
			kept_timed = 1;
			armed = 1;
			kgil_word_thaw();
			next = 0
		:: IS_FAIR && last && !owner_died && asleep[chosen] ->
			kept = last;
			kept_timed = 0;
			kgil_word_thaw();
			kgil_call(chosen, next);
			chosen = 0
		:: barging && (!overdue || more_are_free()) ->
			chosen = 0;
			kgil_sem_free(next)
		fi
	:: else -> kgil_sem_free(next)
	fi
}

/* Also what gil.c and lock.c do before they call it. */
inline kgil_sem_release(who, next)
{
	atomic {
		lock == 0 ->
		lock = 1;
		kgil_word_freeze()
	}
	atomic {
		if
		:: IS_OWNED -> assert(VALUE(frozen) == who)
		:: IS_SEM -> assert(VALUE(frozen) < UNITS)
		:: IS_LOCK -> assert(VALUE(frozen))
		fi;
		if
		:: IS_RLOCK && depth > 1 -> depth--; kgil_word_thaw()
		:: else -> kgil_sem_give(next)
		fi
	}
	publish_and_unlock(next);
	kgil_wake(next)
}

/* The call returns, and with it goes its stack. */
inline forget_wait()
{
	on_stack[me] = 0;
	grant[me] = 0;
	turn[me] = 0;
	asleep[me] = 0;
	hold[me] = 0
}

/*
 * userspace/libkgil/take.h: one compare-and-swap, and what is true since
 */
inline word_take(who)
{
	if
	:: IS_SEM -> word--
	:: else -> word = who
	fi;
	enter(OWNED)
}

/*
 * A thread
 */
proctype thread(byte me)
{
	byte next, left, nests, ended;
	bit timed, yielding;

	left = c_expr { rounds };
again:
	atomic {
		yielding = 0;
		timed = 0;
		ended = 0;
		if
		:: left == 0 -> goto out
		:: else -> left--
		fi
	}

	/* The fast path: kgil_word_acquire(). */
	if
	:: atomic {
		HAS_WORD && ((IS_SEM && word > 0 && word <= UNITS) ||
			     (!IS_SEM && word == 0)) ->
		word_take(me)
	   }
	   if
	   :: IS_RLOCK -> depth = 1
	   :: else
	   fi;
	   goto held
	:: skip
	fi;

acquire: /* kgil_gil_acquire(), kgil_rlock_acquire(), kgil_sem_acquire() */
	if
	:: fatal[me] -> goto die
	:: else
	fi;
	atomic {
		lock == 0 ->
		lock = 1;
		kgil_word_freeze()
	}
	atomic {
		assert(!buried[last] && !buried[kept]);
		if
		:: kept == me -> kept = 0; kept_timed = 0 /* kgil_gil_return() */
		:: else
		fi;
		if
		:: FREE(frozen) && !kept ->
			/* kgil_sem_take_free() */
			kgil_sem_news();
			kgil_sem_take(me);
			kgil_word_thaw();
			ended = result;
			goto took
		:: IS_OWNED && VALUE(frozen) && !tied[VALUE(frozen)] ->
			/* kgil_owner_check(), kgil_sem_inherit() */
			assert(exiting[VALUE(frozen)]);
			owner_died = 1;
			kgil_sem_drop();
			kgil_sem_news();
			kgil_sem_take(me);
			kgil_word_thaw();
			ended = DEAD;
			goto took
		:: else
		fi;
		/* kgil_sem_contend() */
		if
		:: HAS_TIMEOUTS -> /* a try; a deadline */
			if
			:: kgil_word_thaw(); goto refused
			:: timed = 1
			:: timed = 0
			fi
		:: else
		fi;
		if
		:: IS_GIL && !FREE(frozen) -> frozen = frozen | CALL /* adopt */
		:: else
		fi
	}

queue_up: /* kgil_sem_queue(), kgil_enqueue(); the lock is held */
	atomic {
		on_stack[me] = 1;
		grant[me] = WAITING;
		turn[me] = 0;
		hold[me] = 0;
		asleep[me] = 0;
		kgil_queue_add(me);
		if
		:: barging && length == 1 -> kgil_call(me, next); next = 0
		:: skip
		fi;
		if
		:: IS_GIL ->
			armed = 1;
			if
			:: !spinning -> spinning = me
			:: skip
			fi
		:: else
		fi;
		asleep[me] = !turn[me] && spinning != me;
		kgil_word_thaw();
		/* kgil_gil_ends_keeping(); a yield finds nothing kept */
		if
		:: kept -> kgil_sem_hand_over(next)
		:: kept -> skip
		:: else
		fi
	}
	publish_and_unlock(next);
	kgil_wake(next);

wait: /* kgil_sem_wait_grant() */
	if
	:: asleep[me] -> goto sleep
	:: else
	fi;

	/* kgil_spin(): for a while, and perhaps kgil_hurry() */
	if
	:: turn[me] && barging ->
		atomic {
			lock == 0 ->
			if
			:: trying == me ->
				lock = 1;
				kgil_word_freeze();
				overdue = 1
			:: else -> goto settle
			fi
		}
		atomic { kgil_word_thaw(); unlock() }
	:: skip
	fi;

settle: /* kgil_sem_settle() */
	atomic {
		lock == 0 ->
		if
		:: grant[me] != WAITING -> goto granted
		:: else
		fi;
		lock = 1;
		kgil_word_freeze();
		if
		:: turn[me] && FREE(frozen) -> goto take_turn
		:: !turn[me] || !FREE(frozen) || kept_timed
		fi
	}
	/* kgil_sem_lie_down() */
	atomic {
		if
		:: trying == me -> trying = 0; overdue = 0
		:: else
		fi;
		spinning = (spinning == me -> 0 : spinning);
		turn[me] = 0;
		asleep[me] = !NEVER_ASLEEP;
		kgil_word_thaw();
		unlock()
	}

sleep: /* kgil_sleep() */
	if
	:: CHECK_FIRST ->
		if
		:: grant[me] != WAITING || turn[me] -> goto woken
		:: else
		fi;
		sleeps[me] = 1
	:: atomic { !CHECK_FIRST -> sleeps[me] = 1 }
		if
		:: grant[me] != WAITING || turn[me] -> goto woken
		:: else
		fi
	fi;
	if
	:: signal_pending[me] -> ended = INTERRUPTED; goto give_up
	:: else
	fi;
end_sleep: /* schedule_hrtimeout_range_clock() */
	if
	:: !sleeps[me] || signal_pending[me] -> goto sleep
	:: timed ->
		sleeps[me] = 0;
		if
		:: grant[me] != WAITING || turn[me] -> goto woken
		:: else
		fi;
		ended = TIMED_OUT;
		goto give_up
	fi;

woken:
	atomic {
		sleeps[me] = 0;
		if
		:: grant[me] != WAITING -> goto granted
		:: else
		fi
	}
	/* kgil_sem_awake() */
	atomic {
		lock == 0 ->
		if
		:: grant[me] != WAITING -> goto granted
		:: IS_GIL && grant[me] == WAITING ->
			/* kgil_sem_stand_by() */
			asleep[me] = 0;
			spinning = (spinning -> spinning : me);
			goto wait
		:: else
		fi;
		/* kgil_sem_try_at_once() */
		lock = 1;
		kgil_word_freeze();
		asleep[me] = 0;
		if
		:: turn[me] && FREE(frozen) -> goto take_turn
		:: else
		fi
	}
	atomic { kgil_word_thaw(); unlock() }
	goto wait;

take_turn: /* kgil_sem_take_turn() */
	atomic {
		asleep[me] = 0;
		chosen = me;
		kgil_sem_grant(next);
		grant[me] = result;
		chosen = 0
	}
	/* kgil_sem_call_more() */
	if
	:: IS_SEM && !CALL_NO_MORE ->
		kgil_word_freeze();
		atomic {
			if
			:: FREE(frozen) -> kgil_sem_free(next)
			:: else -> kgil_word_thaw()
			fi
		}
	:: else
	fi;
	atomic { unlock() }
	kgil_wake(next);
	goto granted;

give_up: /* kgil_sem_give_up() */
	sleeps[me] = 0;
	atomic {
		lock == 0 ->
		if
		:: grant[me] != WAITING && !BLIND_GIVE_UP -> goto granted
		:: else -> lock = 1; kgil_word_freeze()
		fi
	}
	atomic {
		kgil_queue_del(me);
		if
		:: length == 0 -> kept = 0; kept_timed = 0 /* kgil_drop_lost_waiter() */
		:: else
		fi;
		if
		:: FREE(frozen) && barging && !NO_CALL_ON -> kgil_sem_free(next)
		:: FREE(frozen) && !barging -> kgil_sem_hand_over(next)
		:: else -> kgil_word_thaw()
		fi
	}
	publish_and_unlock(next);
	kgil_wake(next);
	atomic { forget_wait() }
	if
	:: fatal[me] -> goto die
	:: else
	fi;
	if
	:: ended == TIMED_OUT || yielding -> goto again
	:: else -> signal_pending[me] = 0; ended = 0; goto acquire
	fi;

granted: /* kgil_sem_wait() */
	atomic {
		ended = grant[me];
		if
		:: fatal[me] && !NO_PASS_ON
		:: else ->
			forget_wait();
			if
			:: fatal[me] -> goto die
			:: else -> enter(ended); ended = 0; goto held
			fi
		fi
	}
	/* kgil_sem_pass_on() */
	atomic {
		lock == 0 ->
		lock = 1;
		kgil_word_freeze()
	}
	atomic {
		if
		:: (IS_SEM && VALUE(frozen) == UNITS) ||
		   (!IS_SEM && (FREE(frozen) || (frozen != hold[me] && !NO_HOLD_CHECK))) ->
			/* kgil_sem_still_granted() */
			kgil_word_thaw();
			next = 0
		:: else ->
			owner_died = ended == DEAD && !SILENT_PASS;
			kgil_sem_give(next)
		fi
	}
	publish_and_unlock(next);
	kgil_wake(next);
	atomic { forget_wait(); ended = 0 }
	goto die;

took: /* without a wait: the lock is held */
	atomic { unlock(); enter(ended); ended = 0 }
	goto held;

refused:
	atomic { unlock() }
	goto again;

held:
	if
	:: fatal[me] -> goto die_inside
	:: IS_RLOCK && nests == 0 && depth < 2 && word != 0 -> /* rlock_take() */
		assert(depth == 1);
		depth++;
		nests++;
		goto held
	:: IS_GIL && left -> goto yield
	:: HAS_FOREIGN -> left_to_others++; goto again
	:: IS_PRODUCED -> atomic { inside--; lost++; goto again }
	:: !IS_PRODUCED
	fi;
	if
	:: IS_RLOCK && nests -> /* rlock_give() */
		assert(depth == 2);
		depth--;
		nests--;
		goto held
	:: else
	fi;
	if
	:: HAS_WORD && IS_RLOCK && word == me ->
		assert(depth == 1);
		depth = 0;
		if
		:: fatal[me] -> goto die_inside
		:: atomic { word == me -> word = 0; inside--; goto again }
		:: else -> depth = 1
		fi
	:: atomic { HAS_WORD && IS_SEM && word < UNITS -> word++; inside--; goto again }
	:: atomic { HAS_WORD && !IS_SEM && !IS_RLOCK && word == me ->
		    word = 0; inside--; goto again }
	:: HAS_WORD && PLAIN_GIVE && word == me ->
		inside--; word = 0; goto again
	:: skip
	fi;
	inside--;
	kgil_sem_release(me, next);
	goto again;

yield: /* kgil_gil_yield() */
	atomic {
		lock == 0 ->
		lock = 1;
		kgil_word_freeze()
	}
	atomic {
		assert(VALUE(frozen) == me);
		if
		:: length == 0 -> kgil_word_thaw(); left--; goto kept_on
		:: else
		fi;
		/* kgil_sem_pass() */
		inside--;
		left--;
		yielding = 1;
		kgil_sem_drop();
		kgil_queue_next();
		kgil_sem_grant(next)
	}
	atomic {
		publish();
		chosen = 0;
		/* Queued in the same section, so that the wake-up comes later. */
		kgil_word_freeze()
	}
	/* It can't be free, and isn't kept. */
	assert(!FREE(frozen) && !kept);
	goto queue_up_again;

kept_on:
	atomic { unlock() }
	goto held;

queue_up_again:
	atomic {
		on_stack[me] = 1;
		grant[me] = WAITING;
		turn[me] = 0;
		hold[me] = 0;
		kgil_queue_add(me);
		armed = 1;
		if
		:: !spinning -> spinning = me
		:: skip
		fi;
		asleep[me] = spinning != me;
		kgil_word_thaw();
		unlock()
	}
	kgil_wake(next);
	goto wait;

die_inside:
	atomic {
		inside--;
		nests = 0;
		if
		:: IS_OWNED -> died_inside = 1
		:: else -> lost++
		fi
	}
die: /* do_exit(), kgil_thread_exits(), then the work kgil_bury() */
	exiting[me] = 1;
	if
	:: !IS_OWNED || NO_BURIAL -> goto out
	:: else
	fi;
	tied[me] = 0;
	/* kgil_tie_remove() */
	atomic {
		lock == 0 ->
		lock = 1;
		last = (last == me && !TIE_STAYS -> 0 : last);
		if
		:: kept == me && !TIE_STAYS -> kgil_sem_hand_over(next)
		:: else
		fi
	}
	publish_and_unlock(next);
	kgil_wake(next);
	buried[me] = 1;
	/* kgil_owner_dies() */
	atomic {
		lock == 0 ->
		lock = 1;
		kgil_word_freeze()
	}
	atomic {
		if
		:: VALUE(frozen) == me || BLIND_BURIAL ->
			owner_died = 1;
			kgil_sem_give(next)
		:: else -> kgil_word_thaw()
		fi
	}
	publish_and_unlock(next);
	kgil_wake(next);
out:
	done++
}

/*
 * Who releases what others hold, which a lock allows; or makes the units of a
 * semaphore that others use up.
 */
proctype other()
{
	byte next;

end:	do
	:: atomic {
		left_to_others ->
		left_to_others--;
		if
		:: IS_PRODUCED -> lost--
		:: else -> inside--
		fi
	   }
	   if
	   :: atomic { HAS_WORD && IS_LOCK && word > 0 && word < CALL -> word = 0 }
	   :: atomic { HAS_WORD && IS_SEM && word < UNITS -> word++ }
	   :: kgil_sem_release(0, next)
	   fi
	   /* A hold of which its thread will never hear, because it is killed. */
	:: atomic {
		lock == 0 && (is_doomed(1) || is_doomed(2) || is_doomed(3)) ->
		lock = 1;
		kgil_word_freeze()
	   }
	   atomic { kgil_sem_give(next) }
	   publish_and_unlock(next);
	   kgil_wake(next)
	od
}

/* The timer, drop.c: of a gil the owner's interval, else the hand-off. */
proctype kgil_drop_expired()
{
	byte next;

end:	do
	:: atomic {
		armed && lock == 0 ->
		armed = 0;
		lock = 1;
		if
		:: IS_GIL && kept && kept_timed -> kgil_sem_hand_over(next)
		:: IS_GIL && !kept && length > 0 ->
			/* kgil_drop_call() */
			kgil_queue_next();
			if
			:: asleep[chosen] -> kgil_call(chosen, next)
			:: else
			fi;
			chosen = 0
		:: !IS_GIL && trying ->
			/* kgil_word_hurry() */
			overdue = 1;
			kgil_word_freeze();
			goto hurry
		:: else
		fi
	   }
	   publish_and_unlock(next);
	   kgil_wake(next);
	   goto end;
hurry:
	   atomic { kgil_word_thaw(); unlock() }
	od
}

/* Who sends signals, or stops doing so. */
proctype sender()
{
	byte some, all, who;

	some = c_expr { signals };
	all = c_expr { kills };
	do
	:: atomic {
		some + all > 0 ->
		if
		:: who = 1
		:: THREADS > 1 -> who = 2
		:: THREADS > 2 -> who = 3
		:: THREADS > 3 -> who = 4
		fi;
		if
		:: some > 0 -> some--
		:: all > 0 -> all--; fatal[who] = 1
		fi;
		signal_pending[who] = 1;
		sleeps[who] = 0;
		who = 0
	   }
	:: break
	od
}

/* kgil_sem_set_handoff() */
proctype set_handoff()
{
	byte next, served;

	atomic {
		lock == 0 ->
		lock = 1;
		barging = 1 - barging;
		overdue = 0;
		kgil_word_freeze()
	}
	atomic {
		if
		:: barging && trying -> armed = 1
		:: else
		fi;
		kgil_word_thaw();
		unlock()
	}
	/* kgil_sem_serve_one() */
	do
	:: served < UNITS + THREADS ->
		atomic {
			lock == 0 ->
			lock = 1;
			kgil_word_freeze()
		}
		atomic {
			if
			:: !barging && length > 0 && FREE(frozen) ->
				kgil_queue_next();
				kgil_sem_grant(next);
				served = (SETTER_FORGETS -> 100 : served + 1)
			:: else ->
				if
				:: FREE(frozen) && !SETTER_LEAVES -> kgil_sem_free(next)
				:: else -> kgil_word_thaw()
				fi;
				served = 100
			fi
		}
		publish_and_unlock(next);
		kgil_wake(next)
	:: else -> break
	od;
	/* It doesn't go on for ever. */
	assert(served == 100)
}

/* Nobody can do anything any more. */
proctype quiet()
{
	timeout ->
	assert(!lock && !inside && !left_to_others);
	assert(done + length == THREADS);
	assert(length == 0 || !FREE(word));
	assert(length > 0 || word < WAITERS);
	if
	:: IS_SEM -> assert(VALUE(word) + lost == UNITS)
	:: IS_LOCK -> assert(!FREE(word) == lost)
	:: IS_OWNED && !NO_BURIAL ->
		assert(FREE(word) && !kept);
		assert(owner_died == died_inside);
		assert((word == OWNER_DIED) == died_inside)
	:: else -> assert(length == 0)
	fi
}

init
{
	atomic {
		c_code {
			type = number("TYPE", GIL);
			max = number("MAX", 1);
			threads = number("THREADS", 2);
			rounds = number("ROUNDS", 1);
			word_users = number("WORD", 1);
			fair = number("FAIR", 0);
			timeouts = number("TIMEOUTS", 0);
			signals = number("SIGNALS", 0);
			kills = number("KILLS", 0);
			foreign = number("FOREIGN", 0);
			setter = number("SETTER", 0);
			barge = number("BARGE", 0);
			produced = number("PRODUCED", 0);
			bug = number("BUG", 0);
		};
		barging = c_expr { barge };
		if
		:: IS_SEM && IS_PRODUCED -> lost = UNITS; left_to_others = UNITS
		:: IS_SEM && !IS_PRODUCED -> word = UNITS
		:: else
		fi;
		tied[1] = 1;
		tied[2] = 1;
		tied[3] = 1;
		tied[4] = 1;
		run thread(1);
		run thread(2);
		if
		:: THREADS > 2 -> run thread(3)
		:: else
		fi;
		if
		:: THREADS > 3 -> run thread(4)
		:: else
		fi;
		run kgil_drop_expired();
		run sender();
		if
		:: HAS_FOREIGN || IS_PRODUCED -> run other()
		:: else
		fi;
		if
		:: HAS_SETTER -> run set_handoff()
		:: else
		fi;
		if
		:: HAS_SETTERS -> run set_handoff()
		:: else
		fi;
		run quiet()
	}
}
