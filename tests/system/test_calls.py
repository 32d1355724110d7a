#!/usr/bin/env python3
"""Every call site of the fixtures in tests/drivers/calls is found to be what the source says beside it.

The places come from HVC_CALLS (folder of images) and HVC_CALLS_MANIFEST. HVC_CALLS_ONLY, a regular
expression, narrows the images down."""
import bisect
import collections
import concurrent.futures
import glob
import json
import os
import re

import call_refs
import harness

IAT_FORMS = {'import', 'hoisted', 'tail'}
WIDE = 'POOL_FLAGS'
NOWHERE = '-'  # the function of sites that lie in none
SHARE_OF_OUTPUT = 40  # mismatches that an image shows at most

GUILTY = {
    'POOL_TYPE': lambda v: v & 0x201 == 0,
    'VP_POOL_TYPE': lambda v: v & 0x201 == 0,
    'LOOKASIDE_FLAGS': lambda v: v & 0x201 == 0,
    'POOL_FLAGS': lambda v: v & 0x80 != 0,
    'PAGE_PROTECTION': lambda v: v & 0xf0 != 0,
    'MM_PAGE_PRIORITY': lambda v: v & 0x40000000 == 0,
    'MEMORY_CACHING_TYPE': lambda v: v == 1,
}


# No counter catches what these ask for.
UNCOUNTED = {
    'SeAssignSecurity', 'SeAssignSecurityEx', 'HidP_GetCollectionDescription',
    'MmAllocateContiguousMemorySpecifyCache', 'MmAllocateContiguousMemorySpecifyCacheNode',
    'StorPortAllocateContiguousMemorySpecifyCacheNode',
}


class Expectation:
    def __init__(self, entry, builds=()):
        self.function, self.ddi, self.line = entry['function'], entry['ddi'], entry['line']
        self.judgements = set(entry['judgement'].split('|'))
        words = entry['form'].split()
        self.forms = set(words[0].split('|'))
        if 'iat' in self.forms:
            self.forms |= IAT_FORMS
        self.harmless = 'harmless' in words
        self.optional = 'optional' in words
        self.unexamined = 'unexamined' in words
        self.written, self.sites = '', None
        for word in words[1:]:
            if word.startswith('written='):
                self.written = word[len('written='):]
            elif word.startswith('sites='):
                self.sites = int(word[len('sites='):])
            elif word not in ('harmless', 'optional', 'unexamined'):
                raise ValueError('line %d: no such word: %s' % (self.line, word))
        text = entry['values']
        self.text = text
        opens = re.search(r' or open(?: on (.*))?$', text)
        self.may_open = opens is not None and (
            opens.group(1) is None or bool(set(opens.group(1).split()) & set(builds)))
        self.open = text[len('open '):] if text.startswith('open ') else None
        self.has = text.startswith('has ')
        numbers = re.sub(r'^has | or open.*$', '', text)
        self.values = None if self.open or text == 'none' else \
            {int(number, 0) for number in numbers.replace(',', ' ').split()}
        self.none = text == 'none'


def whole(name):
    """GCC splits functions: f.part.0 and f.cold are f."""
    return re.sub(r'\.(part|cold|constprop|isra)[.\d]*$', '', name or '')


def numbers_of(site):
    mask = (1 << 64 if site['argument']['kind'] == WIDE else 1 << 32) - 1
    return {value['value'] & mask for value in site['argument']['values']}


def judged(site, values):
    """What the values alone make of a site."""
    guilty = {GUILTY[site['argument']['kind']](value) for value in values}
    if site['ddi'] in UNCOUNTED:
        return 'advice' if True in guilty else 'ok'
    return 'possible' if len(guilty) == 2 else 'violation' if guilty == {True} else 'ok'


def shown(values):
    return '{%s}' % ', '.join('0x%x' % value for value in sorted(values))


def place_of(site):
    argument = site['argument']
    return '%s at 0x%x: form %s, values %s, origin %s, open %s, %s' % (
        site['ddi'], site['rva'], site['form'], shown(numbers_of(site)), argument['origin'],
        argument['open'], site['judgement'])


class Image:
    """One image: its expectations against its report."""

    def __init__(self, entry, driver, limits):
        self.entry, self.driver, self.limits = entry, driver, limits
        self.faults, self.wrong = [], 0
        self.settled, self.sites, self.known, self.knowable = 0, 0, 0, 0
        self.open = collections.Counter()
        starts = sorted((rva, name) for name, rva in entry['functions'].items())
        self.keys = [rva for rva, _ in starts]
        self.names = [whole(name) for _, name in starts]
        self.parts = {rva for rva, name in starts if '.' in name}

    def function_of(self, rva):
        at = bisect.bisect_right(self.keys, rva) - 1
        return self.names[at] if at >= 0 else None

    def fault(self, line, text, wrong=False):
        self.wrong += wrong
        told = re.match(r'(?:no call is expected in )?(\w+)(?:[:;]| begins at)', text)
        name = (self.entry['file'], told.group(1)) if told else None
        if name in self.limits and not wrong:
            self.limits[name] += 1
            return
        self.faults.append('%s%s:%d in %s: %s' % ('WRONG ' if wrong else '', self.entry['source'],
                                                  line, self.entry['file'], text))

    def count(self, site, can_be_known):
        settled = site['argument']['open'] is None or site['judgement'] in ('ok', 'advice')
        self.sites += 1
        self.settled += settled
        self.knowable += can_be_known
        self.known += can_be_known and settled
        if not settled:
            self.open[site['argument']['open']] += 1

    def check_site(self, want, site):
        found = place_of(site)
        where = want.function
        if site['form'] not in want.forms:
            self.fault(want.line, '%s: form should be %s; %s' % (where, sorted(want.forms), found))
        if where != NOWHERE and \
                site['function_rva'] not in self.parts | {self.entry['functions'][where]}:
            self.fault(want.line, '%s begins at 0x%x, not 0x%x; %s' % (
                where, self.entry['functions'][where], site['function_rva'] or 0, found))
        if site['harmless'] != want.harmless:
            self.fault(want.line, '%s: harmless should be %s; %s' % (where, want.harmless, found))
        if want.written and (site['written'] or '-') != want.written:
            self.fault(want.line, '%s: written should be %s, is %s; %s' % (
                where, want.written, site['written'], found))
        values, is_open = numbers_of(site), site['argument']['open'] is not None
        if want.values is not None and not want.has and not values <= want.values:
            self.fault(want.line, '%s: can only be %s; %s' % (where, shown(want.values), found), True)
        if not is_open and values and site['argument']['origin'] != 'nx-opt-in':
            judgement = judged(site, values)
            if site['form'] == 'method' and judgement == 'violation' and \
                    (site['judgement'] == 'possible' or 'violation' not in want.judgements):
                judgement = 'possible'  # where nothing proves what the object is
            if site['judgement'] != judgement:
                self.fault(want.line, '%s: these values make it %s; %s' % (where, judgement, found),
                           True)

    def check_expectation(self, want, sites):
        found = '; '.join(map(place_of, sites)) or 'nothing'
        if not sites:
            if not want.optional:
                self.fault(want.line, '%s: call of %s is not found' % (want.function, want.ddi))
            return
        for site in sites:
            self.count(site, want.open is None)
            self.check_site(want, site)
        if want.sites is not None and len(sites) != want.sites:
            self.fault(want.line, '%s: should be %d call sites: %s' % (want.function, want.sites,
                                                                     found))
        reasons = [site['argument']['open'] for site in sites if site['argument']['open']]
        values = set().union(*map(numbers_of, sites))
        if want.open is not None:
            if not reasons:
                self.fault(want.line, '%s: cannot be known; %s' % (want.function, found), True)
            elif want.open != '*' and not any(word in reason for reason in reasons
                                              for word in want.open.split('|')):
                self.fault(want.line, '%s: open because of %s; %s' % (want.function, want.open,
                                                                      found))
        elif want.none:
            if values or reasons:
                self.fault(want.line, '%s: no argument decides; %s' % (want.function, found))
        elif reasons:
            if not want.may_open and not want.has:
                self.fault(want.line, '%s: should be %s; %s' % (want.function, want.text, found))
        elif want.has and not want.values <= values or not want.has and values != want.values:
            self.fault(want.line, '%s: should be %s; %s' % (want.function, want.text, found), True)
        if len(sites) == 1 and not (reasons and want.may_open) and \
                sites[0]['judgement'] not in want.judgements:
            self.fault(want.line, '%s: should be %s; %s' % (
                want.function, ' or '.join(sorted(want.judgements)), found))

    def check_forgotten(self, wanted):
        """Functions that refer to a DDI's slot are expected to; all direct calls are reported."""
        ddis = {want.ddi for want in wanted} | {ddi['name'] for ddi in self.driver['ddis']
                                                if ddi['argument'] is not None}
        known = {want.function for want in wanted} | {e['function'] for e in self.entry['carries']} \
            | {e['function'] for e in self.entry['practice']}
        by_function = collections.defaultdict(list)
        path = os.path.join(harness.place('HVC_CALLS'), self.entry['file'])
        for function, name, direct in call_refs.references(path, self.entry['arch'],
                                                           self.entry['functions']):
            if name in ddis and function != name and name != 'MmGetSystemRoutineAddress':
                by_function[whole(function), name].append(direct)
        for (function, name), direct in by_function.items():
            if function not in known:
                self.fault(0, 'the fixture expects nothing of the call of %s in %s' % (name,
                                                                                      function))
                continue
            of = [want for want in wanted if (want.function, want.ddi) == (function, name)]
            if not of or of[0].unexamined or not all(direct):
                continue
            sites = [site for site in self.driver['call_sites']
                     if site['ddi'] == name and self.function_of(site['rva']) == function]
            if len(sites) != len(direct) and not (of[0].optional and not sites):
                self.fault(of[0].line, '%s: llvm-objdump shows %d calls of %s, the report %d' % (
                    function, len(direct), name, len(sites)))

    def check_driver(self, names):
        for want in self.entry['driver']:
            found = self.driver
            for key in want['key'].split('.'):
                found = found[key]
            if want['key'].endswith('_why'):
                right = any(word in (found or '') for word in want['value'].split('|'))
            else:
                right = str(found) in want['value'].split('|') if want['value'][0] != '!' else \
                    str(found) != want['value'][1:]
            if not right:
                self.fault(want['line'], '%s should be %s, is %s' % (want['key'], want['value'],
                                                                     found))
        for want in self.entry['practice']:
            rules = {name for name, title in names.items() if title == want['rule']}
            found = [finding for finding in self.driver['findings'] if finding['rule'] in rules
                     and finding['location'] is not None and finding['location']['rva'] is not None
                     and self.function_of(finding['location']['rva']) == want['function']]
            if rules and bool(found) != (want['judgement'] != 'none'):
                self.fault(want['line'], '%s: rule %s should find %s, finds %s' % (
                    want['function'], want['rule'], want['judgement'],
                    '; '.join(finding['message'] for finding in found) or 'none'))

    def check(self, names):
        tool, arch, opt = (self.entry[key] for key in ('tool', 'arch', 'opt'))
        builds = (tool, arch, opt, '%s-%s' % (tool, arch), '%s-%s-%s' % (tool, arch, opt))
        wanted = [Expectation(entry, builds) for entry in self.entry['expect']]
        for function in {want.function for want in wanted} - set(self.entry['functions']) - {NOWHERE}:
            self.fault(0, '%s is not in the image' % function)
        by_call = collections.defaultdict(list)
        for site in self.driver['call_sites']:
            where = NOWHERE if site['function_rva'] is None else self.function_of(site['rva'])
            by_call[where, site['ddi']].append(site)
        for want in wanted:
            if want.function in self.entry['functions'] or want.function == NOWHERE:
                self.check_expectation(want, by_call.pop((want.function, want.ddi), []))
        for (function, _), sites in by_call.items():
            for site in sites:
                self.fault(0, 'no call is expected in %s; %s' % (function, place_of(site)))
        self.check_forgotten(wanted)
        self.check_driver(names)
        return self


def rule_names():
    """{id: name} of the rules."""
    names = {}
    for path in glob.glob(harness.source('data', 'rules', '*.md')):
        with open(path, encoding='utf-8') as text:
            match = re.search(r'(?m)^name:\s*(\S+)', text.read())
            names[os.path.basename(path)[:-3]] = match.group(1) if match else ''
    return names


def summary(images):
    lines = []
    for arch in sorted({image.entry['arch'] for image in images}):
        own = [image for image in images if image.entry['arch'] == arch]
        sites, settled = sum(i.sites for i in own), sum(i.settled for i in own)
        reasons = sum((i.open for i in own), collections.Counter())
        known, knowable = sum(i.known for i in own), sum(i.knowable for i in own)
        lines.append('%s: %d images, %d expected, %d sites, %d settled; of the %d that can be known, '
                     '%.1f %%; %d wrong' % (arch, len(own),
                                            sum(len(i.entry['expect']) for i in own), sites,
                                            settled, knowable, 100 * known / max(knowable, 1),
                                            sum(i.wrong for i in own)))
        lines += ['    open: %d %s' % (count, reason) for reason, count in reasons.most_common()]
    return lines


def read_limits():
    """{(image, function): 0}: where the analysis is known to say less than it should. See the file."""
    with open(harness.source('tests', 'drivers', 'calls', 'limits.txt'), encoding='utf-8') as text:
        return {tuple(line.split()): 0 for line in text if line.strip() and line[0] != '#'}


def check_limits(limits, files):
    reached = sorted(name for name, count in limits.items() if count == 0 and name[0] in files)
    if reached:
        raise AssertionError('take these out of limits.txt, the analysis does better now:\n' +
                             '\n'.join(' '.join(name) for name in reached))


def result(image):
    if image.faults:
        more = len(image.faults) - SHARE_OF_OUTPUT
        raise AssertionError('\n'.join(image.faults[:SHARE_OF_OUTPUT] +
                                       (['and %d more' % more] if more > 0 else [])))


def main():
    with open(harness.place('HVC_CALLS_MANIFEST'), encoding='utf-8') as text:
        entries = json.load(text)['drivers']
    only = os.environ.get('HVC_CALLS_ONLY', '')
    entries = [entry for entry in entries if re.search(only, entry['file'])]
    tap = harness.Tap()
    paths = [os.path.join(harness.place('HVC_CALLS'), entry['file']) for entry in entries]
    _, report = harness.scan_json(*paths)
    drivers = {os.path.basename(driver['path']): driver for driver in report['drivers']}
    names, limits = rule_names(), read_limits()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        images = list(pool.map(lambda e: Image(e, drivers[e['file']], limits).check(names), entries))
    for image in images:
        tap.case(image.entry['file'], result, image)
    tap.case('limits', check_limits, limits, {entry['file'] for entry in entries})
    for line in summary(images):
        print('# ' + line)
    tap.done()


if __name__ == '__main__':
    main()
