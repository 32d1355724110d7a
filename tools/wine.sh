#!/bin/sh
# Runs a Windows program under wine, without a display and without a word of wine's own: Meson's
# exe_wrapper, and what the tests of the Windows build call. WINEPREFIX: where wine keeps its registry
# and drives (build-windows-deps/wine unless it is set).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
wine=/usr/lib/wine
# With addresses at random, about one start in a thousand finds the place taken where wine has to put what
# Windows maps at 0x7FFE0000, and ends with code 1 and without a word. Not every container lets us ask.
fixed=$(setarch -R true 2>/dev/null && echo 'setarch -R' || true)
export WINEPREFIX="${WINEPREFIX:-$root/build-windows-deps/wine}"
export WINEDEBUG="${WINEDEBUG:--all}" WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe="
export LC_ALL=C.UTF-8
unset DISPLAY WAYLAND_DISPLAY
mkdir -p "$WINEPREFIX"
# The server outlives the program for a while, since starting it anew costs seconds. What it starts with
# it (services) must not inherit our output, or whoever reads that waits for them.
(
    flock 9
    if $fixed "$wine/wineserver64" -p30 9>&-; then
        $fixed "$wine/wine64" wineboot 9>&-
        [ -e "$WINEPREFIX/windows-10" ] || {
            $fixed "$wine/wine64" winecfg -v win10 9>&-
            touch "$WINEPREFIX/windows-10"
        }
    fi
) 9>"$WINEPREFIX/lock" </dev/null >/dev/null 2>&1 || true
exec $fixed "$wine/wine64" "$@"
