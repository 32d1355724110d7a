#!/usr/bin/env python3
"""What the Windows build needs beyond Debian's mingw-w64: Zydis, jansson, expat and, for the tests,
cmocka, which Debian has as sources only. Fetches these with apt's own checks (its lists and caches in a folder of ours, the system's stay as
they are), compiles them, and leaves headers and static libraries in build-windows-deps/, with cross.ini,
which tells Meson of them and of the wrapper around wine.

Does nothing, and asks the network nothing, when all is there."""
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build-windows-deps"
CROSS = "x86_64-w64-mingw32-"
PACKAGES = ("zydis", "jansson", "expat", "cmocka")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DONE = FOLDER / "done"
# A change of this text compiles anew.
STAMP = " ".join(PACKAGES) + " 3\n"
CROSS_FILE = """\
[binaries]
exe_wrapper = '{root}/tools/wine.sh'
pkgconfig = 'pkg-config'

[properties]
pkg_config_libdir = '{folder}/lib/pkgconfig'

[built-in options]
c_args = ['-isystem', '{folder}/include', '-DZYDIS_STATIC_BUILD', '-DZYCORE_STATIC_BUILD']
c_link_args = ['-L{folder}/lib']
"""
ZYDIS_FLAGS = ["-DZYDIS_STATIC_BUILD", "-DZYCORE_STATIC_BUILD"]
CMOCKA_FLAGS = ["-DHAVE_INTTYPES_H=1", "-DHAVE_STDINT_H=1", "-DHAVE_MALLOC_H=1", "-DHAVE_SIGNAL_H=1",
                "-DHAVE_IO_H=1", "-DHAVE_STRINGS_H=1", "-DHAVE_STDLIB_H=1", "-DHAVE_STRING_H=1",
                "-DHAVE_SYS_TYPES_H=1", "-DHAVE_SYS_STAT_H=1", "-DHAVE_CALLOC=1", "-DHAVE_EXIT=1",
                "-DHAVE_FPRINTF=1", "-DHAVE_FREE=1", "-DHAVE_LONGJMP=1", "-DHAVE_MALLOC=1",
                "-DHAVE_MEMCPY=1", "-DHAVE_MEMSET=1", "-DHAVE_PRINTF=1", "-DHAVE_SETJMP=1",
                "-DHAVE_SIGNAL=1", "-DHAVE_SNPRINTF=1", "-DHAVE_STRCMP=1", "-DHAVE_STRCPY=1",
                "-DHAVE_VSNPRINTF=1", "-DHAVE_GCC_THREAD_LOCAL_STORAGE=1",
                "-D__USE_MINGW_ANSI_STDIO=1", "-include", "stdint.h"]


def run(command, cwd=None):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    if done.returncode:
        print(done.stdout[-4000:])
        sys.exit(f"windows_deps: {' '.join(command[:3])} ... failed")
    return done.stdout


def source_lines():
    """deb-src lines for the releases of Debian that apt knows; not for what comes between releases,
    whose sources mirrors do not always have."""
    form = "$(ORIGIN)|$(REPO_URI)|$(CODENAME)|$(COMPONENT)"
    options = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    lines = set()
    for line in run(["apt-get", "indextargets", "--format", form,
                     "Created-By: Packages"]).splitlines():
        origin, uri, suite, component = line.split("|")
        if origin == "Debian" and component == "main" and "-" not in suite:
            lines.add(f"deb-src {options}{uri} {suite} {component}\n")
    return sorted(lines)


def fetch(work):
    """Unpacks the sources below work; apt verifies them."""
    lists = work / "apt" / "lists"
    for folder in (lists / "partial", work / "apt" / "cache" / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    sources = work / "apt" / "sources.list"
    lines = source_lines()
    if not lines:
        sys.exit("windows_deps: apt knows no repository of Debian (run apt-get update once)")
    sources.write_text("".join(lines))
    options = ["-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=/dev/null",
               "-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={work}/apt/cache",
               "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"]
    run(["apt-get", *options, "-q", "update"])
    run(["apt-get", *options, "-q", "source", "--only-source", *PACKAGES], cwd=work)


def unpacked(work, name):
    found = [path for path in work.glob(f"{name}-*") if path.is_dir()]
    if len(found) != 1:
        sys.exit(f"windows_deps: the sources of {name} are not where they should be")
    return found[0]


def archive(work, name, sources, flags):
    """Compiles the sources into lib/lib<name>.a."""
    objects = work / "objects" / name
    objects.mkdir(parents=True, exist_ok=True)

    def compile_one(source):
        target = objects / (source.stem + ".o")
        run([CROSS + "gcc", "-std=gnu99", "-O2", "-c", *flags, "-o", str(target), str(source)])
        return str(target)

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        made = list(pool.map(compile_one, sources))
    library = FOLDER / "lib" / f"lib{name}.a"
    library.parent.mkdir(parents=True, exist_ok=True)
    library.unlink(missing_ok=True)
    run([CROSS + "ar", "rcs", str(library), *made])
    return library


def build_zydis(work):
    source = unpacked(work, "zydis")
    include = FOLDER / "include"
    shutil.copytree(source / "include" / "Zydis", include / "Zydis", dirs_exist_ok=True)
    # Zydis uses Zycore's headers alone, those that Debian installs with it.
    shutil.copytree("/usr/include/Zycore", include / "Zycore", dirs_exist_ok=True)
    library = archive(work, "Zydis", sorted((source / "src").glob("*.c")),
                      [*ZYDIS_FLAGS, "-I", str(include), "-I", str(source / "src")])
    missing = set(re.findall(r"U (Zy(?:an|core)\w*)", run([CROSS + "nm", str(library)])))
    if missing:
        sys.exit(f"windows_deps: Zydis wants functions of Zycore: {', '.join(sorted(missing))}")


def write_pkgconfig(name, library, version, flags=""):
    """What Meson finds a dependency by."""
    target = FOLDER / "lib" / "pkgconfig" / f"{name}.pc"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"Name: {name}\nDescription: {name} for Windows\nVersion: {version}\n"
                      f"Libs: -L{FOLDER}/lib -l{library}\nCflags: -I{FOLDER}/include {flags}\n")


def version_of(source):
    return source.name.split("-")[-1]


JANSSON_CONFIG = """\
#define JSON_INLINE inline
#define JSON_INTEGER_IS_LONG_LONG 1
#define JSON_HAVE_LOCALECONV 1
#define JSON_HAVE_ATOMIC_BUILTINS 1
#define JSON_HAVE_SYNC_BUILTINS 1
#define JSON_PARSER_MAX_DEPTH 2048
"""
JANSSON_FLAGS = [f"-DHAVE_{name}=1" for name in
                 ("STDINT_H", "LOCALE_H", "STRTOLL", "LOCALECONV", "SNPRINTF", "INT32_T", "UINT32_T",
                  "UINT16_T", "UINT8_T", "SYS_TYPES_H", "SYS_STAT_H", "FCNTL_H", "UNISTD_H",
                  "GETPID", "GETTIMEOFDAY", "SYS_TIME_H")]


def build_jansson(work):
    source = unpacked(work, "jansson")
    include = FOLDER / "include"
    shutil.copy(source / "src" / "jansson.h", include / "jansson.h")
    (include / "jansson_config.h").write_text(JANSSON_CONFIG)
    (work / "jansson_private_config.h").write_text("")
    archive(work, "jansson", sorted((source / "src").glob("*.c")),
            [*JANSSON_FLAGS, "-D__USE_MINGW_ANSI_STDIO=1", "-I", str(include), "-I", str(work)])
    write_pkgconfig("jansson", "jansson", version_of(source))


EXPAT_FLAGS = ["-DXML_STATIC", "-DXML_NS=1", "-DXML_DTD=1", "-DXML_GE=1", "-DXML_CONTEXT_BYTES=1024",
               "-DBYTEORDER=1234", "-DHAVE_MEMMOVE=1"]


def build_expat(work):
    source = unpacked(work, "expat")
    source = source / "expat" if (source / "expat" / "lib").is_dir() else source
    include = FOLDER / "include"
    for name in ("expat.h", "expat_external.h"):
        shutil.copy(source / "lib" / name, include / name)
    (work / "expat_config.h").write_text("")
    archive(work, "expat", [source / "lib" / f"{name}.c" for name in ("xmlparse", "xmlrole", "xmltok")],
            [*EXPAT_FLAGS, "-DHAVE_EXPAT_CONFIG_H=1", "-I", str(work)])
    write_pkgconfig("expat", "expat", version_of(unpacked(work, "expat")), "-DXML_STATIC")


def build_cmocka(work):
    source = unpacked(work, "cmocka")
    include = FOLDER / "include"
    include.mkdir(parents=True, exist_ok=True)
    for name in ("cmocka.h", "cmocka_pbc.h"):
        shutil.copy(source / "include" / name, include / name)
    (work / "config.h").write_text("")
    archive(work, "cmocka", [source / "src" / "cmocka.c"],
            [*CMOCKA_FLAGS, "-DHAVE_CONFIG_H=1", "-I", str(work), "-I", str(source / "include")])


def main():
    if DONE.exists() and DONE.read_text() == STAMP:
        return
    print("fetching the sources of libraries for the Windows build ...", flush=True)
    work = FOLDER / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    fetch(work)
    build_zydis(work)
    build_jansson(work)
    build_expat(work)
    build_cmocka(work)
    shutil.rmtree(work)
    (FOLDER / "cross.ini").write_text(CROSS_FILE.format(root=ROOT, folder=FOLDER))
    DONE.write_text(STAMP)


if __name__ == "__main__":
    main()
