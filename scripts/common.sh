# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts share.  Sourced, never run.  Runs on a machine that has
# nothing but bash and coreutils.

KGIL_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
KGIL_CACHE=${KGIL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kgil}
export KGIL_TOP KGIL_CACHE

# Exit statuses of all scripts, beside 0 and 1.
# shellcheck disable=SC2034
STATUS_USAGE=2
STATUS_MISSING=3

say()
{
	printf '%s\n' "$*" >&2
}

# die STATUS MESSAGE: one line to stderr, then exit.
die()
{
	local status=$1

	shift
	say "${0##*/}: $*"
	exit "$status"
}

# Options of apt for other sources than the machine's; none: the machine's.
apt_sources=()

apt_cache()
{
	apt-cache "${apt_sources[@]+"${apt_sources[@]}"}" "$@"
}

# The options of apt-get that let root download into any directory.
apt_get()
{
	if [ "$(id -u)" = 0 ]; then
		set -- -o APT::Sandbox::User=root "$@"
	fi
	apt-get -q "${apt_sources[@]+"${apt_sources[@]}"}" "$@"
}

# debian_mirror main|security: where the machine's own apt gets Debian, or its
# security updates, from.
debian_mirror()
{
	local choose=(grep -v -e security -e updates)

	[ "$1" != security ] || choose=(grep security)
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
		"${choose[@]}" | head -n 1
}

# private_apt NAME: let apt, in this process only, know the sources on standard
# input and nothing else, with lists of its own in the cache.
private_apt()
{
	local apt=$KGIL_CACHE/$1

	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	cat >"$apt/private.sources"
	apt_sources=(-o "Dir::Etc::SourceList=$apt/private.sources" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State=$apt/state" -o "Dir::Cache=$apt/cache" -o Dir::State::status=/dev/null
		-o Acquire::Languages=none)
	apt_get update >"$apt/update.log" 2>&1 || {
		cat "$apt/update.log" >&2
		return 1
	}
}

# unpack_source PACKAGE: what dpkg-source would do, without the packages that it
# needs: from what was downloaded here into the directory source.
unpack_source()
{
	local patch

	mkdir source
	tar -C source --strip-components=1 -xf "$1"_*.orig.tar.*z
	tar -C source -xf "$1"_*.debian.tar.*z
	sed 's/[[:space:]]*#.*//; /^[[:space:]]*$/d' source/debian/patches/series |
		while read -r patch _; do
			patch -d source -p1 -s -f --no-backup-if-mismatch \
				<"source/debian/patches/$patch" >>patch.log 2>&1 || {
				cat patch.log >&2
				die 1 "Debian's patch $patch does not apply"
			}
		done
	chmod 755 source
}

# keep_source NAME FUNCTION: once, in a directory that is removed afterwards, let
# FUNCTION make the directory source, and keep that as $KGIL_CACHE/NAME.  Prints
# where.
keep_source()
{
	local directory=$KGIL_CACHE/$1 work

	if [ ! -d "$directory" ]; then
		with_lock "$1"
		if [ ! -d "$directory" ]; then
			work=$(mktemp -d "$KGIL_CACHE/unpack.XXXXXX")
			# shellcheck disable=SC2064
			trap "rm -rf '$work'" EXIT
			cd "$work" || exit
			"$2"
			mv source "$directory"
		fi
	fi
	echo "$directory"
}

# have_candidate PACKAGE: can apt get it?
have_candidate()
{
	apt_cache show --no-all-versions "$1" >/dev/null 2>&1
}

# fetch_deb PACKAGE DIRECTORY: unpack a Debian package there.  Installs nothing.
fetch_deb()
{
	local package=$1 directory=$2 work

	have_candidate "$package" ||
		die $STATUS_MISSING "apt knows no package $package; run: sudo apt-get update"
	mkdir -p "$KGIL_CACHE"
	work=$(mktemp -d "$KGIL_CACHE/download.XXXXXX")
	say "Downloading $package into $KGIL_CACHE ..."
	if ! (cd "$work" && apt_get download "$package" >apt.log 2>&1); then
		cat "$work/apt.log" >&2
		rm -rf "$work"
		die 1 "cannot download $package; is the network there? Or run: sudo apt-get update"
	fi
	mkdir -p "$directory"
	dpkg-deb -x "$work"/*.deb "$directory" || die 1 "cannot unpack $package"
	rm -rf "$work"
}

# with_lock NAME: hold a lock of the cache until this (sub)shell ends.
with_lock()
{
	mkdir -p "$KGIL_CACHE"
	exec {KGIL_LOCK_FD}>"$KGIL_CACHE/$1.lock"
	flock "$KGIL_LOCK_FD"
}

# What the module is made of, relative to the top.
module_sources()
{
	(cd "$KGIL_TOP" && find Kbuild include module -type f \
		\( -name '*.[ch]' -o -name Kbuild -o -name 'Makefile*' \) ! -name '*.mod.c' |
		LC_ALL=C sort)
}

# link_module_sources DIRECTORY: a tree of links, for a build out of the way.
link_module_sources()
{
	local file

	mkdir -p "$1"
	find "$1" -type l -delete
	while read -r file; do
		mkdir -p "$(dirname "$1/$file")"
		ln -s "$KGIL_TOP/$file" "$1/$file"
	done < <(module_sources)
}

# headers_release HEADERS: the release of the kernel that these headers are of.
headers_release()
{
	sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' "$1/include/generated/utsrelease.h"
}
