#!/usr/bin/env python3
"""Facts as JSON: they follow the published schema, come back as they were, and what is no facts file is
refused with its place.

Usage: test_facts_json.py WRITE_FACTS SCHEMA FACTS_LIST"""
import copy
import json
import os
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    sys.exit(77)


def run(*command):
    return subprocess.run(command, text=True, capture_output=True, check=False)


class Tool:
    def __init__(self, program):
        self.program = program
        self.folder = tempfile.TemporaryDirectory()

    def write(self):
        done = run(self.program)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def again(self, data):
        path = os.path.join(self.folder.name, "facts.json")
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return run(self.program, path)


def check_values(document):
    values = {value["name"]: value["data"] for value in document["registry"]["values"]}
    assert values == {
        "Dword": 0xFFFFFFFE, "ShortDword": {"hex": "0102"}, "": "def\u00e4\U0001F600\x01",
        "Expand": "%", "Empty": "", "Nothing": {"hex": ""}, "NoNul": {"hex": "6100"},
        "Odd": {"hex": "610000"}, "InnerNul": {"hex": "6100000062000000"},
        "HighAlone": {"hex": "3dd80000"}, "HighThenLetter": {"hex": "3dd861000000"},
        "LowAlone": {"hex": "00de0000"}, "Multi": {"hex": "610000000000"},
        "Qword": {"hex": "0102030405060780"}}, values
    states = {key["key"].split("\\")[-1]: (key["state"], key["why"])
              for key in document["registry"]["keys"]}
    assert states["Absent"] == ("absent", None)
    assert states["Policies"] == ("unreadable", "access \"denied\"\n")
    assert document["facts"]["device_guard.available"]["value"] in ([0, 2, 7], [])
    assert [event["time"] for event in document["events"]] == [0, 133000000000000000]
    assert document["drivers"][0]["verifier_counters"]["iat_in_executable_section"] == 106
    assert document["drivers"][1]["verifier_counters"] is None


def changed(document, path, value):
    result = copy.deepcopy(document)
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    if value is KeyError:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return result


HOSTILE = [
    (("document",), "report", "no facts document"),
    (("schema",), 2, "schema"),
    (("schema",), "1", "schema"),
    (("host",), None, "host is no text"),
    (("label",), KeyError, "label is missing"),
    (("more",), 1, "a member too many"),
    (("facts",), [], "facts is no object"),
    (("facts", "cpu.speed"), {"value": 1, "source": "x"}, "cpu.speed: this is no fact"),
    (("facts", "cpu.slat", "value"), 1, "cpu.slat: value is neither"),
    (("facts", "cpu.slat", "more"), 1, "cpu.slat: this has a member too many"),
    (("facts", "cpu.slat"), {"value": True}, "cpu.slat: source is missing"),
    (("facts", "cpu.slat"), {"unavailable": 3}, "cpu.slat: unavailable is no text"),
    (("facts", "cpu.slat"), None, "cpu.slat: this is no object"),
    (("facts", "os.build", "value"), -1, "os.build: value is no number"),
    (("facts", "os.build", "value"), 1.0, "os.build: value is no number"),
    (("facts", "os.name", "value"), 10, "os.name: value is no text"),
    (("facts", "os.name", "value"), "x" * 65537, "too long"),
    (("facts", "device_guard.available", "value"), [1, "2"], "no number"),
    (("facts", "device_guard.available", "value"), list(range(257)), "few numbers"),
    (("registry",), None, "no object"),
    (("registry", "keys", 1, "state"), "lost", "entry 2 of keys: state is not known"),
    (("registry", "values", 0, "data"), True, "entry 1 of values"),
    (("registry", "values", 0, "data"), {"hex": "0g"}, "no row of bytes"),
    (("registry", "values", 0, "data"), {"hex": "000"}, "no row of bytes"),
    (("registry", "values", 0, "type"), 2**32, "no number in range"),
    (("services",), 1, "services is no list"),
    (("services",), [{}] * 65537, "too many entries"),
    (("services", 1, "start"), -1, "entry 2 of services: start"),
    (("drivers", 0, "counters"), {}, "seven numbers"),
    (("drivers", 0, "counters", "section_alignment"), None, "section_alignment is no number"),
    (("drivers", 0, "verifier"), "maybe", "verifier is no verdict"),
    (("drivers", 0, "boot_start"), 0, "boot_start is neither"),
    (("events", 0, "time"), 2**63 - 1 + 0.5, "time is no number"),
]
BROKEN = [b"", b"{", b"[]", b"null", b"7", b"{\"document\": \"facts\"}", b"\xff\xfe{\x00",
          b"[" * 100000, b"{\"document\": \"facts\", \"document\": \"facts\"}",
          b"{\"document\": \"fa\\u0000cts\"}"]


def main():
    tool = Tool(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    with open(sys.argv[3], encoding="utf-8") as file:
        names = re.findall(r'^HVC_FACT\(\w+, "([^"]+)"', file.read(), re.MULTILINE)
    assert list(schema["properties"]["facts"]["properties"]) == names, "the schema has other facts"

    written = tool.write()
    document = json.loads(written)
    jsonschema.validate(document, schema)
    assert list(document["facts"]) == names
    check_values(document)
    reads_json = "reads no JSON" not in tool.again(b"{}").stderr
    if not reads_json:
        print("this build reads no JSON")
        sys.exit(77)
    again = tool.again(written)
    assert (again.returncode, again.stdout) == (0, written), again.stderr
    with_mark = tool.again(b"\xef\xbb\xbf" + written.encode())
    assert with_mark.stdout == written, with_mark.stderr

    unavailable = changed(document, ("facts", "cpu.slat"), {"unavailable": "no \u00e9"})
    unavailable = changed(unavailable, ("facts", "cpu.nx"), KeyError)
    for name in ("services", "drivers", "events"):
        unavailable = changed(unavailable, (name,), None)
    jsonschema.validate(unavailable, schema)
    again = tool.again(json.dumps(unavailable))
    assert again.returncode == 0 and json.loads(again.stdout) == unavailable, again.stderr
    empty = changed(unavailable, ("services",), [])
    assert json.loads(tool.again(json.dumps(empty)).stdout) == empty

    for path, value, words in HOSTILE:
        broken = changed(document, path, value)
        done = tool.again(json.dumps(broken))
        assert done.returncode == 1 and words in done.stderr, (path, done.returncode, done.stderr)
        if "too " not in words and value != 1.0:
            assert not jsonschema.Draft7Validator(schema).is_valid(broken), path
    for data in BROKEN:
        done = tool.again(data)
        assert done.returncode == 1 and done.stderr.startswith("malformed: facts: "), (data[:40], done)


if __name__ == "__main__":
    main()
