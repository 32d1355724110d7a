#!/usr/bin/env python3
"""The JSON reports follow the published schema, say the same in both formats, and say what the model says.

Usage: test_schema.py WRITE_REPORT SCHEMA"""
import copy
import json
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)


def write(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True).stdout


def unique_keys(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
    return dict(pairs)


def parse(text):
    return json.loads(text.decode("utf-8"), object_pairs_hook=unique_keys)


def objects(schema):
    """Every object schema in it."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def check_strict(schema):
    jsonschema.Draft7Validator.check_schema(schema)
    for item in objects(schema):
        assert item["additionalProperties"] is False, item
        assert sorted(item["required"]) == sorted(item["properties"]), item


def check_notices(schema, document):
    """A report that lacks any member, or has one more, does not pass."""
    validator = jsonschema.Draft7Validator(schema)
    assert validator.is_valid(document)
    count = 0
    for path in paths(document):
        broken = copy.deepcopy(document)
        parent = broken
        for key in path[:-1]:
            parent = parent[key]
        if isinstance(parent, dict):
            value = parent.pop(path[-1])
            assert not validator.is_valid(broken), f"{path} can be left out"
            parent[path[-1] + "_"] = value
            parent[path[-1]] = value
            assert not validator.is_valid(broken), f"{path} can have a neighbour"
            count += 1
    assert count > 100, count


def paths(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield path + (key,)
            yield from paths(inner, path + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:1]):
            yield path + (index,)
            yield from paths(inner, path + (index,))


def check_contents(document):
    guilty, plain = document["drivers"]
    assert guilty["path"].startswith("dir/\x1b[31m\"<>&\\\n\r\ufffd\u00e4\u202e\x7f"), guilty["path"]
    assert guilty["sha256"] == bytes(range(0, 256, 8)).hex()
    assert guilty["arch"] == "arm64" and guilty["kind"] == "driver"
    assert list(guilty["counters"].values()) == [1, 2, 3, 4, 5, 6, 12345678901]
    assert list(guilty["undetermined"].values()) == [1, 0, 0]
    assert guilty["verdict"] == {"verifier": "fail", "load": "fail", "load_since": "1607",
                                 "undetermined_why": None, "compatible": False}
    finding = guilty["findings"][0]
    assert finding["location"]["rva"] == 0x1000 and finding["count"] == 3
    assert finding["places"][1] == {"rva": 2**32 - 1, "file_offset": 2**64 - 1, "value": 3}
    assert finding["evidence"][0] == "mov ecx, 0x200"
    assert guilty["findings"][1]["location"]["rva"] is None
    assert guilty["finding_total"] == 4 and guilty["anomaly_total"] == 300
    assert [ddi["counter"] for ddi in guilty["ddis"]] == ["execute_pool_type", None, "execute_pool_type"]
    site = guilty["call_sites"][0]
    assert site["argument"]["values"] == [{"value": 0, "name": "NonPagedPool"},
                                          {"value": 0x200, "name": "NonPagedPoolNx"}]
    assert site["judgement"] == "possible" and site["harmless"] is True
    assert guilty["call_sites"][1]["function_rva"] is None
    assert [item["effect"] for item in guilty["anomalies"]] == ["note", "doubt"]
    assert guilty["truncated"] == []
    assert plain["verdict"]["compatible"] is True and plain["identity"]["pdb_age"] is None
    assert document["target"] == ["dir", "\ufffd\"\n"]
    assert [error["offset"] for error in document["errors"]] == [0x99, None]
    assert document["errors"][0]["status"] == "truncated"
    assert document["summary"]["errors"] == 2 and document["summary"]["bytes"] == 4097


def main():
    program = sys.argv[1]
    with open(sys.argv[2], encoding="utf-8") as file:
        schema = json.load(file)
    check_strict(schema)
    document = parse(write(program, "json"))
    jsonschema.validate(document, schema)
    check_contents(document)
    check_notices(schema, document)
    empty = parse(write(program, "json", "empty"))
    jsonschema.validate(empty, schema)
    assert empty["drivers"] == [] and empty["errors"] == []

    lines = write(program, "ndjson").split(b"\n")
    assert lines.pop() == b""
    lines = [parse(line) for line in lines]
    assert [line for line in lines if "path" in line] == document["drivers"]
    assert [line["error"] for line in lines if "error" in line] == document["errors"]
    assert lines[-1] == {"summary": document["summary"]}
    assert len(lines) == 5


if __name__ == "__main__":
    main()
