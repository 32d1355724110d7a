#!/usr/bin/env python3
"""Each fixture driver is judged as its source says, and as an independent computation says."""
import json
import os

import jsonschema

import harness
import oracle
from harness import equal


def found_rules(driver, level):
    return sorted({f['rule'] for f in driver['findings'] if f['level'] == level})


def check(entry, driver):
    counters = [driver['counters'][name] for name in harness.COUNTERS]
    equal(counters, entry['counters'], 'counters')
    undetermined = [driver['undetermined'][name] for name in harness.COUNTERS[:3]]
    equal(undetermined, entry['undetermined'], 'undetermined')
    verdict = driver['verdict']
    equal(verdict['verifier'], entry['verifier'], 'verdict of Verifier')
    equal(verdict['load'], entry['load'], 'verdict of the loader')
    equal(verdict['compatible'], entry['verifier'] == entry['load'] == 'pass', 'compatible')
    equal(verdict['load_since'] is not None, entry['load'] == 'fail', 'load_since is told')
    equal(verdict['undetermined_why'] is not None,
          'undetermined' in (entry['verifier'], entry['load']), 'the reason is told')
    equal(found_rules(driver, 'error'), entry['rules'], 'rules of level error')
    advised = set(found_rules(driver, 'warning') + found_rules(driver, 'note'))
    equal(sorted(advised), entry['advice'], 'rules of lower level')
    equal(driver['arch'], entry['arch'], 'arch')
    equal((driver['size'], driver['sha256']), (entry['size'], entry['sha256']), 'size, sha256')
    equal(sorted({anomaly['id'] for anomaly in driver['anomalies']}), entry['anomalies'],
          'anomalies')


CALL_RULES = ['HVC2000', 'HVC2001', 'HVC2002']  # their second opinion is that of the call tests


def check_sum_of_findings(driver):
    """Counters are the sums of the findings that name their rules."""
    rules = dict(zip(CALL_RULES + ['HVC2003', 'HVC2004', 'HVC2006', 'HVC2005'], harness.COUNTERS))
    sums = dict.fromkeys(harness.COUNTERS, 0)
    for finding in driver['findings']:
        if finding['rule'] in rules:
            sums[rules[finding['rule']]] += finding['count']
    equal(sums, {name: driver['counters'][name] for name in sums}, 'counts of findings')


def check_oracle(entry):
    opinion = oracle.Oracle(harness.fixture(entry['file']))
    if entry['verifier'] == 'not-applicable':
        equal(opinion.kernel_mode(), False, 'kernel mode')
        return
    equal(opinion.kernel_mode(), True, 'kernel mode')
    counters, refusals = opinion.counters(), opinion.refusals()
    equal(counters, entry['counters'][3:], 'counters')
    image_rules = [rule for rule in entry['rules'] if rule not in CALL_RULES]
    equal(oracle.error_rules(counters, refusals), image_rules, 'rules')
    equal('fail' if refusals else 'pass', entry['load'], 'load')
    if any(counters):
        equal(entry['verifier'], 'fail', 'verifier')


def check_schema(report):
    with open(harness.source('data', 'schema', 'report-1.json'), encoding='utf-8') as text:
        schema = json.load(text)
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    validator(schema).validate(report)


def check_schema_refuses(report):
    """The schema is no sieve: it does not let through what a report must not be."""
    with open(harness.source('data', 'schema', 'report-1.json'), encoding='utf-8') as text:
        schema = json.load(text)
    validator = jsonschema.validators.validator_for(schema)(schema)
    for spoil in (lambda r: r['drivers'][0].pop('sha256'),
                  lambda r: r['drivers'][0]['verdict'].update(load='maybe'),
                  lambda r: r['drivers'][0]['counters'].update(execute_pool_type=-1),
                  lambda r: r['drivers'][0].update(unknown=1),
                  lambda r: r.pop('summary')):
        spoiled = json.loads(json.dumps(report))
        spoil(spoiled)
        harness.require(not validator.is_valid(spoiled), 'a spoiled report passes')


def check_summary(entries, report):
    def count(condition):
        return sum(1 for entry in entries if condition(entry))

    def verdicts(entry):
        return {entry['verifier'], entry['load']}

    wanted = {
        'drivers': len(entries),
        'compatible': count(lambda e: verdicts(e) == {'pass'}),
        'incompatible': count(lambda e: 'fail' in verdicts(e)),
        'undetermined': count(lambda e: 'undetermined' in verdicts(e)
                              and 'fail' not in verdicts(e)),
        'not_applicable': count(lambda e: verdicts(e) == {'not-applicable'}),
        'errors': 0,
        'skipped': 0,
        'bytes': sum(entry['size'] for entry in entries),
    }
    equal(report['summary'], wanted, 'summary')


def check_all_built(entries):
    folder = harness.source('tests', 'drivers')
    sources = {name[:-2] for name in os.listdir(folder) if name.endswith('.c')}
    equal({entry['fixture'] for entry in entries}, sources, 'fixtures')
    equal(set(os.listdir(harness.place('HVC_FIXTURES'))), {e['file'] for e in entries}, 'files')


def main():
    entries = harness.manifest()
    tap = harness.Tap()
    code, report = harness.scan_json(*[harness.fixture(entry['file']) for entry in entries])
    drivers = {os.path.basename(driver['path']): driver for driver in report['drivers']}
    for entry in entries:
        name = entry['file']
        tap.case(name, lambda: check(entry, drivers[name]))
        tap.case(name + ': findings add up', lambda: check_sum_of_findings(drivers[name]))
        tap.case(name + ': second opinion', lambda: check_oracle(entry))
    tap.case('exit code', lambda: equal(code, 1, 'exit code'))
    tap.case('order', lambda: equal([os.path.basename(d['path']) for d in report['drivers']],
                                    [entry['file'] for entry in entries], 'order'))
    tap.case('schema', lambda: check_schema(report))
    tap.case('the schema refuses', lambda: check_schema_refuses(report))
    tap.case('summary', lambda: check_summary(entries, report))
    tap.case('every source is built', lambda: check_all_built(entries))
    tap.done()


if __name__ == '__main__':
    main()
