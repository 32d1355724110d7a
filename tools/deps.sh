#!/bin/sh
# Installs the packages of tools/packages.txt that are missing. Does nothing, and asks the network
# nothing, when all are there. --list only names the missing ones.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "deps: no apt-get here; these Debian packages, or what is like them, are needed:" >&2
    grep -v '^#' "$here/packages.txt" | tr '\n' ' ' >&2
    echo >&2
    exit 0
fi

missing=
for package in $(grep -v '^#' "$here/packages.txt"); do
    state=$(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null || true)
    case " $state" in
    *" installed "*) ;;
    *) missing="$missing $package" ;;
    esac
done

if [ "${1-}" = --list ]; then
    echo "missing:${missing:- none}"
    exit 0
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    echo "deps: missing:$missing" >&2
    echo "deps: run as root:  apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
echo "deps: installing$missing" >&2
$as_root apt-get update -q
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
