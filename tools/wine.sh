#!/bin/sh
# Runs a Windows program under wine, without a display and without a word of wine's own: Meson's
# exe_wrapper, and what the tests of the Windows build call. WINEPREFIX: where wine keeps its registry
# and drives (build-windows-deps/wine unless it is set).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
wine=/usr/lib/wine/wine64
export WINEPREFIX="${WINEPREFIX:-$root/build-windows-deps/wine}"
export WINEDEBUG="${WINEDEBUG:--all}" WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe="
export LC_ALL=C.UTF-8
unset DISPLAY WAYLAND_DISPLAY
mkdir -p "$WINEPREFIX"
# The server outlives the program for a while, since starting it anew costs seconds. What it starts with
# it (services) must not inherit our output, or whoever reads that waits for them.
(
    flock 9
    if "${wine%/*}/wineserver64" -p30 9>&-; then
        "$wine" wineboot 9>&-
        [ -e "$WINEPREFIX/windows-10" ] || {
            "$wine" winecfg -v win10 9>&-
            touch "$WINEPREFIX/windows-10"
        }
    fi
) 9>"$WINEPREFIX/lock" </dev/null >/dev/null 2>&1 || true
exec "$wine" "$@"
