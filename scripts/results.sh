# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Suites, their results and their total: what scripts/check and
# scripts/check-debug share.  Sourced, after common.sh, with RESULTS set.
#
# A suite is a function suite_NAME that prints TAP.  Its tests are counted, nested
# ones too; a skipped test, a plan that is not kept and a bad end count as
# failures.  The full output of each is kept in $RESULTS.

# What a suite's output amounts to: "PASSED FAILED", then what failed.
judge()
{
	awk -v status="$2" '
	function bad(what) { failed++; failures = failures "    " what "\n" }
	{ sub(/\r$/, "") }
	/^(# )*(not )?ok [0-9]+/ {
		top = !/^# /
		results += top
		text = $0
		sub(/^(# )+/, "", text)
		if (text ~ /^not ok/ || toupper(text) ~ /# *SKIP/)
			bad(text)
		else
			passed++
	}
	/^1\.\.[0-9]+/ { plan = substr($1, 4); planned = 1 }
	END {
		if (planned && plan != results)
			bad("the plan was " plan " tests, " results " ended")
		if (!passed && !failed)
			bad("no test ran")
		if (status != 0 && !failed)
			bad("exit status " status)
		printf "%d %d\n%s", passed, failed, failures
	}' "$1"
}

# run_suite NAME [FUNCTION]
run_suite()
{
	local suite=$1 function=${2-suite_$1} status=0 begin=$SECONDS

	rm -f "$RESULTS/$suite".{log,result,seconds}
	"$function" >"$RESULTS/$suite.log" 2>&1 </dev/null || status=$?
	judge "$RESULTS/$suite.log" $status >"$RESULTS/$suite.result"
	echo $((SECONDS - begin)) >"$RESULTS/$suite.seconds"
}

# What stands beside the first failures: a test says why before its "not ok", or
# after it.  Without one, the end.
explain()
{
	grep -E -m 3 -B 12 -A 4 '^(# )*not ok' "$1" || tail -n 15 "$1"
}

show_suite()
{
	local suite=$1 passed=0 failed=1

	{
		read -r passed failed
		printf '%-16s %4d passed %4d failed %5d s\n' "$suite" "$passed" "$failed" \
			"$(cat "$RESULTS/$suite.seconds")"
		cat
	} <"$RESULTS/$suite.result"
	# No result is no success.
	failed=${failed:-1}
	total_passed=$((total_passed + passed))
	total_failed=$((total_failed + failed))
	if [ "$failed" != 0 ]; then
		echo "    all of it: $RESULTS/$suite.log; of it:"
		explain "$RESULTS/$suite.log" | sed 's/^/    | /'
	fi
}

finish()
{
	echo "$total_passed passed, $total_failed failed"
	[ "$total_failed" = 0 ]
	exit
}

total_passed=0
total_failed=0
