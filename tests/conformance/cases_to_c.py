"""Writes cases.json as a C array on standard output, for conformance.c.

Left out is what C can't express: a NUL inside a string, numbers that are no uint32_t, and sequences
other than an array.
"""

import json
import os
from pathlib import Path

ANY = -2  # a number that is not looked at; -1 is "no wait was asked for"
REGIONS = {"global": 0, "eu": 1}


def literal(text):
    if text is None:
        return "NULL"
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode()) + '"'


def expressible(value):
    return "\0" not in value if isinstance(value, str) else 0 <= value <= 2**32 - 1


def row(case):
    if "expect_log" in case:
        case = case | {"call": "log", "expect": {"code": "OK", "message_part": "\n".join(case["expect_log"])}}
    if "sequence" in case:
        if case["sequence"] != "repeated":
            return None
        case = case | {"call": "repeated", "expect": {"code": "OK"}}
    region = REGIONS.get(case.get("region", "global"), case.get("region"))
    key = case.get("key", "$SANDBOX_EU_KEY" if region == 1 else "$SANDBOX_KEY")
    name, options, expect = case.get("on_behalf_of"), case.get("options", {}), case["expect"]
    if not all(expressible(value) for value in (key, name or "", *options.values())):
        return None
    given = ", ".join(
        f"{{{literal(option)}, {literal(value) if isinstance(value, str) else 'NULL'}, {0 if isinstance(value, str) else value}u}}"
        for option, value in options.items()
    )
    code = expect["code"] if expect["code"] == "OK" else f"ERR_{expect['code']}"
    numbers = [expect.get(member, ANY) for member in ("http_status", "enabled", "attempts", "retry_after_ms")]
    parts = (
        literal(case["name"]), literal(case["call"]), region, literal(key), literal(name),
        int(case.get("enabled", False)), f"{{{given or '{NULL, NULL, 0}'}}}", f"SG_{code}", *map(int, numbers),
        literal(expect.get("message_part")),
    )
    return "    {" + ", ".join(map(str, parts)) + "},"


rows = map(row, json.loads(Path(os.environ["CONFORMANCE_CASES"]).read_text()))
print("static const struct test_case CASES[] = {", *filter(None, rows), "};", sep="\n")
