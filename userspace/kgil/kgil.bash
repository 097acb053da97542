# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of kgil for bash.  Commands and options are those that --help of
# the installed command names.

_kgil_commands()
{
	"$1" --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p'
}

# $1: kgil, then the subcommand if there is one
_kgil_options()
{
	"$@" --help 2>/dev/null | sed -nE 's/^ +(-., )?(--[a-z-]+).*/\2/p'
}

# The sections of kgil bench.
_kgil_sections()
{
	"$1" bench --help 2>/dev/null | sed -nE '/^Sections:/,/^$/s/^  ([a-z]+) .*/\1/p'
}

# The names of objects that are plain words.
_kgil_names()
{
	awk 'NR == 2 { for (i = 1; i <= NF; i++) if ($i == "name") column = i }
		NR > 2 && $column ~ /^[A-Za-z0-9_.+-]+$/ && $column != "-" { print $column }' \
		/proc/kgil/objects 2>/dev/null
}

# The events of kgil monitor.
_kgil_events()
{
	"$1" monitor --help 2>/dev/null |
		sed -nE '/^Events:/,/^$/s/^  ([a-z-]+) .*/\1/p'
	echo all
}

# The subcommand: the first word that is no option.
_kgil_command()
{
	local i

	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} != -* ]]; then
			echo "${COMP_WORDS[i]}"
			return
		fi
	done
}

_kgil()
{
	local kgil=$1 word=$2 before=$3 command words

	command=$(_kgil_command)
	case $command:$before:$word in
	contend:-t:* | contend:--type:*)
		words='gil sem lock rlock none' ;;
	bench:-P:* | bench:--path:*)
		words='ioctl word both' ;;
	bench:-w:* | bench:--workload:*)
		words='cpu echo ping brief' ;;
	bench:-[THpdvcI]:* | bench:--threads:* | bench:--hold:* | bench:--pairs:* | \
	bench:--duration:* | bench:--variant:* | bench:--cpu:* | bench:--interval:*)
		;;
	timeline:-t:* | timeline:--theme:*)
		words='auto light dark' ;;
	top:-[dn]:* | top:--delay:* | top:--count:*)
		;;
	top:-O:* | top:--object:*)
		words=$(awk 'NR > 2 { print $1 }' /proc/kgil/objects 2>/dev/null; _kgil_names) ;;
	timeline:-[Opsb]:* | timeline:--object:* | timeline:--pid:* | timeline:--seconds:* | \
	timeline:--buffer:*)
		;;
	timeline:-[ocfS]:* | timeline:--output:* | timeline:--chrome:* | timeline:--input:* | \
	timeline:--stacks:* | demo:-o:* | demo:--output:* | \
	bench:-o:* | bench:--output:* | run:-l:* | run:--library:*)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return ;;
	exec:-N:* | exec:--name:*)
		words=$(_kgil_names) ;;
	exec:-t:* | exec:--type:*)
		words='rlock gil' ;;
	exec:-[wEm]:* | exec:--timeout:* | exec:--conflict-exit-code:* | exec:--mode:*)
		;;
	contend:-p:* | *:--path:*)
		words='ioctl word' ;;
	contend:-y:* | contend:--policy:*)
		words='fifo fair' ;;
	set:-y:* | set:--policy:*)
		words='fifo fair' ;;
	set:-[Ifta]:* | set:--interval:* | set:--handoff:* | set:--threshold:* | set:--away:* | \
	stat:-[in]:* | stat:--interval:* | stat:--count:*)
		;;
	monitor:-e:* | monitor:--event:*)
		words=$(_kgil_events "$kgil") ;;
	monitor:-o:* | monitor:--object:*)
		words=$(awk 'NR > 2 { print $1 }' /proc/kgil/objects 2>/dev/null) ;;
	demo:-p:* | demo:--part:*)
		words='1 2 3 4 5 6' ;;
	:*:-*)
		words=$(_kgil_options "$kgil") ;;
	*:*:-*)
		words=$(_kgil_options "$kgil" "$command") ;;
	:* | help:*)
		words=$(_kgil_commands "$kgil") ;;
	bench:*)
		words=$(_kgil_sections "$kgil") ;;
	run:* | exec:* | timeline:*)
		mapfile -t COMPREPLY < <(compgen -c -f -- "$word")
		return ;;
	show:* | set:*)
		words=$(awk 'NR > 2 { print $1 }' /proc/kgil/objects 2>/dev/null; _kgil_names) ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _kgil kgil
