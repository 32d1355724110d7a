#!/usr/bin/env python3
"""Builds the fixture drivers: every shape that memory integrity minds, and its near misses.

Each C source in this folder is one fixture. Its first comment holds directives, one a line, which
say how to build it and what must be found in it:

  @title   TEXT            one line, what the fixture is
  @arch    x64 x86 arm64   architectures (default); arm exists too
  @tool    lld mingw       toolchains; default lld (clang and lld-link); mingw has no ARM
  @opt     O1              optimisation levels; default O1; with several, files are named by them
  @kind    driver          driver (default), export-driver, native, user, boot
  @libs    ntoskrnl hal    import libraries, from imports/NAME.def; default ntoskrnl
  @cflags  ARGS            added to the compiler's command line
  @lld     ARGS            added to lld-link's command line
  @mingw   ARGS            added to the command line of mingw-w64's gcc when it links
  @objcopy ARGS            objcopy of mingw-w64's binutils on the linked image
  @resource FILE           a resource script
  @patch   FIELD = VALUE   afterwards, sets a field of the image (see ../tools/peedit.py); |= and &=
                           set and keep bits. The checksum is put right at the end, except when
                           OptionalHeader.CheckSum itself is patched
  @overlay TEXT            appends TEXT behind the image

  @expect  counters=0,0,0,1,0,0,0 verifier=fail load=fail
  @undetermined 1,0,0      imports whose argument decides, by call counter; default 0,0,0
  @rules   HVC2003 ...     the exact set of rules with a finding of level error; default none
  @advice  +HVC4001 -HVC4003
                           the exact set of rules with a finding below that level, as what it has
                           more and less than those of a plain driver (not signed, not guarded)
  @anomalies ID ...        the exact set of anomalies; default none
  @calls                   the expectations stand beside the calls instead (see calls/calls.h); the
                           manifest lists them, and where each function is in the image

A directive may hold for some builds alone: `@expect[x86]`, `@lld[x64,arm64]`, `@rules[mingw-x86]`.
Where a directive has one value, the last one that applies wins; ARGS and patches add up.

Everything is deterministic: no times, no paths of the machine. manifest.json lists what was
built."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, '..', 'tools'))
import expectations  # noqa: E402
import peedit  # noqa: E402

JOBS = 2
COUNTERS = 7
CALL_COUNTERS = 3
PLAIN_ADVICE = {'HVC4003', 'HVC4004', 'HVC4008'}
VERDICTS = ('pass', 'fail', 'undetermined', 'not-applicable')
SINGLE = {'title', 'arch', 'tool', 'opt', 'kind', 'libs', 'resource', 'expect', 'undetermined',
          'rules', 'anomalies', 'overlay', 'calls'}
LISTS = {'cflags', 'lld', 'mingw', 'objcopy', 'patch', 'advice'}

LLVM = {  # arch: clang target, lld-link machine, llvm-dlltool machine
    'x64': ('x86_64-pc-windows-msvc', 'x64', 'i386:x86-64'),
    'x86': ('i686-pc-windows-msvc', 'x86', 'i386'),
    'arm64': ('aarch64-pc-windows-msvc', 'arm64', 'arm64'),
    'arm': ('thumbv7-pc-windows-msvc', 'arm', 'arm'),
}
MINGW = {'x64': 'x86_64-w64-mingw32-', 'x86': 'i686-w64-mingw32-'}
BASE = {'x64': 0x140000000, 'x86': 0x10000, 'arm64': 0x140000000, 'arm': 0x10000}
CFLAGS = ['-ffreestanding', '-fno-builtin', '-fno-stack-protector', '-fno-ident',
          '-fasynchronous-unwind-tables', '-Wall', '-Wextra', '-Werror',
          '-Wno-multichar']
KINDS = {  # kind: (lld-link arguments, entry, bytes of its arguments on x86, extension)
    'driver': (['/driver', '/subsystem:native'], 'DriverEntry', 8, '.sys'),
    'export-driver': (['/driver', '/dll', '/subsystem:native'], 'DllMain', 12, '.dll'),
    'native': (['/subsystem:native'], 'NtProcessStartup', 4, '.exe'),
    'user': (['/subsystem:console'], 'Start', 0, '.exe'),
    'boot': (['/subsystem:efi_application'], 'EfiMain', 8, '.efi'),
}


class Mistake(Exception):
    """A directive that cannot be right."""


def run(command, folder=None):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True,
                          env={**os.environ, 'LC_ALL': 'C', 'SOURCE_DATE_EPOCH': '0'})
    if done.returncode != 0:
        raise Mistake('%s\n%s' % (' '.join(map(shlex.quote, command)), done.stdout))
    return done.stdout


def directives(path):
    """The directives in a source's first comment: [(name, selectors, text)]."""
    with open(path, encoding='utf-8') as source:
        text = source.read()
    comment = re.match(r'\s*/\*(.*?)\*/', text, re.DOTALL)
    if comment is None:
        raise Mistake(path + ': does not begin with a comment')
    found = []
    for line in comment.group(1).splitlines():
        match = re.match(r'[\s*]*@(\w+)(?:\[([\w,-]+)\])?\s*(.*?)\s*$', line)
        if match is None:
            continue
        name, selectors, value = match.groups()
        if name not in SINGLE | LISTS:
            raise Mistake('%s: unknown directive @%s' % (path, name))
        found.append((name, selectors.split(',') if selectors else None, value))
    return found


class Build:
    """One image: a source, built by a toolchain for an architecture at an optimisation level."""

    def __init__(self, source, found, tool, arch, opt, name_opt):
        self.source, self.tool, self.arch, self.opt = source, tool, arch, opt
        self.name = os.path.splitext(os.path.basename(source))[0]
        keys = {tool, arch, opt, '%s-%s' % (tool, arch)}
        self.values = {}
        for name, selectors, value in found:
            if selectors is not None and not keys & set(selectors):
                continue
            if name in SINGLE:
                self.values[name] = value
            else:
                self.values.setdefault(name, []).append(value)
        self.kind = self.values.get('kind', 'driver')
        parts = [self.name, tool, arch] + ([opt] if name_opt else [])
        self.stem = '-'.join(parts)
        self.file = self.stem + KINDS[self.kind][3]

    def args(self, name):
        return [arg for line in self.values.get(name, []) for arg in shlex.split(line)]

    def libs(self):
        return self.values.get('libs', 'ntoskrnl').split()

    def expectation(self):
        """The manifest's entry."""
        where = '%s [%s-%s]' % (self.source, self.tool, self.arch)
        if 'calls' in self.values:
            return {'file': self.file, 'fixture': self.name, 'title': self.values['title'],
                    'tool': self.tool, 'arch': self.arch, 'opt': self.opt}
        fields = dict(part.split('=', 1) for part in self.values.get('expect', '').split())
        if sorted(fields) != ['counters', 'load', 'verifier']:
            raise Mistake(where + ': @expect needs counters, verifier and load')
        counters = [int(number) for number in fields['counters'].split(',')]
        undetermined = [int(n) for n in self.values.get('undetermined', '0,0,0').split(',')]
        if len(counters) != COUNTERS or len(undetermined) != CALL_COUNTERS:
            raise Mistake(where + ': wrong number of counters')
        if fields['verifier'] not in VERDICTS or fields['load'] not in VERDICTS:
            raise Mistake(where + ': no such verdict')
        advice = set(PLAIN_ADVICE) if 'not-applicable' not in fields.values() else set()
        for change in self.args('advice'):
            rule = change[1:]
            if change[0] not in '+-' or (rule in advice) == (change[0] == '+'):
                raise Mistake('%s: @advice %s changes nothing' % (where, change))
            advice ^= {rule}
        if not self.values.get('title'):
            raise Mistake(where + ': no @title')
        return {
            'file': self.file, 'fixture': self.name, 'title': self.values['title'],
            'tool': self.tool, 'arch': self.arch, 'opt': self.opt, 'kind': self.kind,
            'counters': counters, 'undetermined': undetermined,
            'verifier': fields['verifier'], 'load': fields['load'],
            'rules': sorted(self.values.get('rules', '').split()),
            'advice': sorted(advice),
            'anomalies': sorted(self.values.get('anomalies', '').split()),
        }


def plan(source):
    """All builds of a source."""
    found = directives(source)

    def listed(name, default):
        values = [value for key, _, value in found if key == name]
        return values[-1].split() if values else default

    opts = listed('opt', ['O1'])
    builds = []
    for tool in listed('tool', ['lld']):
        for arch in listed('arch', ['x64', 'x86', 'arm64']):
            if tool == 'mingw' and arch not in MINGW:
                continue
            builds += [Build(source, found, tool, arch, opt, len(opts) > 1) for opt in opts]
    return builds


def import_library(definition, tool, arch, work):
    """Makes the import library of a .def file; returns its path."""
    name = os.path.splitext(os.path.basename(definition))[0]
    with open(definition, encoding='utf-8') as source:
        text = source.read()
    if arch != 'x86':
        text = re.sub(r'(?m)^([A-Za-z_]\w*)@\d+', r'\1', text)
    own = os.path.join(work, '%s-%s-%s.def' % (name, tool, arch))
    with open(own, 'w', encoding='utf-8') as target:
        target.write(text)
    library = own[:-4] + ('.lib' if tool == 'lld' else '.a')
    if tool == 'lld':
        command = ['llvm-dlltool', '-m', LLVM[arch][2], '-d', own, '-l', library]
    else:
        command = [MINGW[arch] + 'dlltool', '-d', own, '-l', library]
    run(command + (['-k'] if arch == 'x86' else []))
    return library


def list_calls(compiler, build, functions):
    """What the manifest says of a fixture of call sites."""
    text = run([*compiler, '-E', '-P', '-DCALLS_LISTING', os.path.relpath(build.source, HERE)], HERE)
    try:
        return {**expectations.listed(text), 'source': os.path.relpath(build.source, HERE),
                'functions': functions}
    except ValueError as error:
        raise Mistake('%s: %s' % (build.source, error)) from error


def link_lld(build, work, output, libraries):
    target, machine, _ = LLVM[build.arch]
    stem = os.path.join(work, build.stem)
    # By relative names, because a program database holds the command lines.
    compiler = ['clang', '--target=' + target, '-' + build.opt, *CFLAGS, '-I.',
                '-fdebug-compilation-dir=.', '-fcoverage-compilation-dir=.',
                *(['-mno-implicit-float'] if build.arch != 'arm' else []), *build.args('cflags')]
    run([*compiler, '-c', os.path.relpath(build.source, HERE), '-o', stem + '.obj'], HERE)
    inputs = [build.stem + '.obj']
    if 'resource' in build.values:
        # By relative names: llvm-rc takes a path that starts with /c or another of its options' letters
        # for that option.
        run(['llvm-rc', '/no-preprocess', '/fo', build.stem + '.res',
             os.path.relpath(os.path.join(HERE, build.values['resource']), work)], work)
        inputs.append(build.stem + '.res')
    kind, entry, size, _ = KINDS[build.kind]
    x86 = build.arch == 'x86'
    run(['lld-link', '/nologo', *kind, '/entry:%s%s' % (entry, '@%d' % size if x86 else ''),
         '/nodefaultlib', '/machine:' + machine, '/base:0x%x' % BASE[build.arch], '/dynamicbase',
         '/nxcompat', '/Brepro', *(['/safeseh:no'] if x86 else []),
         '/implib:%s.implib' % build.stem,
         *(['/map:%s.map' % build.stem] if 'calls' in build.values else []),
         *build.args('lld'), '/out:' + build.file, *inputs, *map(os.path.basename, libraries)],
        work)
    shutil.copyfile(os.path.join(work, build.file), output)
    if 'calls' not in build.values:
        return {}
    with open(stem + '.map', encoding='utf-8') as text:
        return list_calls(compiler, build, expectations.functions_of_map(
            text.read(), BASE[build.arch], x86))


def link_mingw(build, work, output, libraries):
    prefix = MINGW[build.arch]
    stem = os.path.join(work, build.stem)
    x86 = build.arch == 'x86'
    entry, size = KINDS[build.kind][1:3]
    inputs = [build.source]
    if 'resource' in build.values:
        run([prefix + 'windres', '-i', os.path.join(HERE, build.values['resource']), '-o',
             stem + '.res.o'])
        inputs.append(stem + '.res.o')
    # A sorted symbol-less image: the linker keeps local symbols of temporary names otherwise.
    compiler = [prefix + 'gcc', '-' + build.opt, *CFLAGS, '-mno-stack-arg-probe', '-I', HERE,
                *build.args('cflags')]
    calls = 'calls' in build.values
    run([*compiler, '-nostdlib', '-nostartfiles', '-shared', *([] if calls else ['-s']),
         '-Wl,--subsystem,native', '-Wl,--entry,' + ('_%s@%d' % (entry, size) if x86 else entry),
         '-Wl,--image-base,0x%x' % BASE[build.arch], '-Wl,--dynamicbase', '-Wl,--nxcompat',
         '-Wl,--file-alignment,0x200', '-Wl,--section-alignment,0x1000',
         '-Wl,--exclude-all-symbols', '-Wl,--no-insert-timestamp', *build.args('mingw'),
         '-o', output, *inputs, *libraries])
    if build.args('objcopy'):
        run([prefix + 'objcopy', *build.args('objcopy'), output])
    if not calls:
        return {}
    symbols = run([prefix + 'nm', output])
    run([prefix + 'strip', output])
    return list_calls(compiler, build, expectations.functions_of_nm(symbols, BASE[build.arch], x86))


def finish(build, output):
    """Applies the patches and puts the checksum right."""
    with open(output, 'rb') as source:
        image = peedit.Image(source.read())
    stored = None
    for patch in build.values.get('patch', []):
        match = re.fullmatch(r'(\S+) ([|&]?)= (\w+)', patch)
        if match is None:
            raise Mistake('%s: cannot read @patch %s' % (build.source, patch))
        field, operator, number = match.group(1), match.group(2), int(match.group(3), 0)
        if operator:
            old = image.get(field)
            number = old | number if operator == '|' else old & number
        if field == 'OptionalHeader.CheckSum':
            stored = number
        else:
            image.set(field, number)
    image.data += build.values.get('overlay', '').encode()
    image.fix_checksum()
    if stored is not None:
        if stored == image.get('OptionalHeader.CheckSum'):
            raise Mistake(build.source + ': the patched checksum is right')
        image.set('OptionalHeader.CheckSum', stored)
    with open(output, 'wb') as target:
        target.write(image.data)


def make(build, work, out, libraries):
    output = os.path.join(out, build.file)
    own = [libraries[name, build.tool, build.arch] for name in build.libs()]
    calls = (link_lld if build.tool == 'lld' else link_mingw)(build, work, output, own)
    try:
        finish(build, output)
    except KeyError as missing:
        raise Mistake('%s: %s' % (output, missing)) from missing
    with open(output, 'rb') as image:
        data = image.read()
    return {**build.expectation(), **calls, 'size': len(data), 'sha256': hashlib.sha256(data).hexdigest()}


def main():
    parser = argparse.ArgumentParser(description='Builds the fixture drivers.')
    parser.add_argument('--out', required=True, help='folder for the images; it is emptied first')
    parser.add_argument('--work', required=True, help='folder for what is needed on the way')
    parser.add_argument('--manifest', required=True, help='file that lists what was built')
    parser.add_argument('sources', nargs='*', help='default: all')
    args = parser.parse_args()
    args.work = os.path.abspath(args.work)  # tools run in different folders

    sources = sorted(s for s in args.sources if s.endswith('.c')) or \
        sorted(os.path.join(HERE, s) for s in os.listdir(HERE) if s.endswith('.c'))
    shutil.rmtree(args.out, ignore_errors=True)
    os.makedirs(args.out)
    os.makedirs(args.work, exist_ok=True)
    try:
        builds = [build for source in sources for build in plan(os.path.abspath(source))]
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            wanted = sorted({(lib, b.tool, b.arch) for b in builds for lib in b.libs()})
            paths = pool.map(lambda want: import_library(
                os.path.join(HERE, 'imports', want[0] + '.def'), want[1], want[2], args.work),
                wanted)
            libraries = dict(zip(wanted, paths))
            entries = list(pool.map(lambda build: make(build, args.work, args.out, libraries),
                                    builds))
    except (Mistake, FileNotFoundError) as error:
        sys.exit('build.py: %s' % error)
    with open(args.manifest, 'w', encoding='utf-8') as manifest:
        json.dump({'drivers': entries}, manifest, indent=1)
        manifest.write('\n')


if __name__ == '__main__':
    main()
