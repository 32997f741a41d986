"""Null: an absent value is equal to nothing wherever rows are joined; conditions see it, messages print `null`."""

from __future__ import annotations

import json
import random
import sqlite3

import pytest

from pack_files import judge, outcome
from polcheck.formats.values import text_of
from polcheck.policy.templates import render

NULLS = {"a.yaml": "rows: [{n: 1}]\n", "b.yaml": "rows: [{m: 1}]\n", "null.txt": "null\n", "null/x.py": ""}
A, B = 'files: a.yaml, data: "rows[].{k: k, n: n}"', 'files: b.yaml, data: "rows[].{k: k, m: m}"'


@pytest.mark.parametrize(
    "body",
    [
        f"for: {{{A}}}\nrequire: {{{B}}}",
        f"for: {{{B}}}\nrequire: {{{A}}}",
        f"for: {{{A}}}\nrequire: {{values: [{{k: null}}, {{k: 'null'}}]}}",
        f"for: {{{A}}}\nrequire: {{values: [null, 'null'], as: k}}",
        f'for: {{{A}}}\nrequire: {{files: null.txt, text: "(?P<k>null)"}}',
        f'for: {{{A}}}\nrequire: {{files: "{{k}}.txt"}}',
        f"for: {{{A}}}\nrequire: [subject, {{let: {{k: k}}}}]",
        f"for: {{{A}}}\nrequire: [subject, {{let: {{k: '`\"null\"`'}}}}]",
        f'for: {{{A}}}\nrequire: {{in: k, text: "null"}}',
        f'for: {{{A}}}\nrequire: {{in: k, data: "@", as: v}}',
        f"for: {{{A}}}\nrequire: {{any: [{{{B}}}, {{values: [null], as: k}}]}}",
        f"for: {{{A}}}\nrequire: {{any: [{{files: b.yaml, data: 'rows[].{{q: k}}'}}], as: {{q: k}}}}",
        f"for: {{{A}}}\nrequire: {{use: rows}}",
        f"for: {{{A}}}\nforbid: [subject, {{not: {{{B}}}}}]",
    ],
)
def test_null_joins_nothing(body: str) -> None:
    """Neither null nor the text `null`, whatever the other side is."""
    assert outcome(judge(body, NULLS, head=f"selectors: {{rows: {{{B}}}}}\n")) == "fail"


def test_a_condition_sees_null() -> None:
    """Two nulls are equal there, as JMESPath says."""
    assert outcome(judge(f'forbid: [{{{A}}}, {{where: "k == n.x"}}]', NULLS)) == "fail"


def test_rows_without_a_value_are_one_subject() -> None:
    """`per` groups, as GROUP BY does, and joins nothing; the text `null` is another one."""
    files = {"a.yaml": "rows: [{n: 1}, {n: 2}, {n: 3, k: 'null'}]\n"}
    report = judge('for: [{files: a.yaml, data: "rows[].{k: k, n: n}"}, {per: k}]\nrequire: {files: none.py}', files)
    assert report.policies[0].subjects == 2


def test_joins_are_those_of_sql() -> None:
    """Over random rows with nulls, subjects without a partner are those that NOT EXISTS finds in SQLite."""
    rng = random.Random(5)
    values = [None, None, "null", "a", "", 0, 1, False, True, "true", "1"]
    compared = 0
    for _ in range(25):
        left = [{"n": n, "k": rng.choice(values), "l": rng.choice(values)} for n in range(12)]
        right = [{"k": rng.choice(values), "l": rng.choice(values)} for _ in range(6)]
        base = sqlite3.connect(":memory:")
        base.execute("CREATE TABLE a (n, k TEXT, l TEXT)")
        base.execute("CREATE TABLE b (k TEXT, l TEXT)")
        texts = [tuple(None if v is None else text_of(v) for v in row.values()) for row in left]
        base.executemany("INSERT INTO a VALUES (?, ?, ?)", texts)
        base.executemany(
            "INSERT INTO b VALUES (?, ?)",
            [tuple(None if v is None else text_of(v) for v in row.values()) for row in right],
        )
        alone = "SELECT n FROM a WHERE NOT EXISTS (SELECT * FROM b WHERE a.k = b.k AND a.l = b.l)"
        wanted = {int(n) for (n,) in base.execute(alone)}
        files = {"a.json": json.dumps(left), "b.json": json.dumps(right)}
        report = judge(
            'for: {files: a.json, data: "[].{n: n, k: k, l: l}"}\nrequire: {files: b.json, data: "[].{k: k, l: l}"}',
            files,
        )
        assert {finding.bindings["n"] for finding in report.findings} == wanted
        compared += len(left)
    assert compared == 300


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ none }}", "null"),
        ("{{- none -}} x", "nullx"),
        ("{{ yes }} {{ no }}", "true false"),
        ("{{ some }}", '[null, true, "é"]'),
        ("{{ some | join(', ') }}", "null, true, é"),
        ("{{ map.a }} {{ map }}", 'null {"a": null}'),
        ("{{ absent }}|{{ map.b }}", "|"),
        ("{{ absent | default('x') }} {{ none | default('x') }}", "x null"),
        ("{% if none %}a{% else %}{{ none }}{% endif %}", "null"),
        ("{{ none is none }} {{ none == none }} {{ absent is none }}", "true true false"),
        ("{% raw %}{{ none }}{% endraw %} {# {{ none }} #} {{ '}}' }}", "{{ none }}  }}"),
        ("{{ {'a': {'b': none}} }}", '{"a": {"b": null}}'),
        ("{% set x = '{{ none }}' %}{{ x }}", "{{ none }}"),
        ("{% for each in some %}{{ each }};{% endfor %}", "null;true;é;"),
        ("{{ 1.5 }} {{ 'a' ~ 1 }}", "1.5 a1"),
    ],
)
def test_messages_print_json(template: str, text: str) -> None:
    """Null, true and false as JSON writes them; what isn't there at all as nothing."""
    scope = {"none": None, "yes": True, "no": False, "some": [None, True, "é"], "map": {"a": None}}
    assert render(template, scope) == text
