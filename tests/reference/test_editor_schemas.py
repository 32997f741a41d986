"""The JSON Schemas of editors: up to date, and of one mind with the schemas that polcheck checks shapes with."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pack_files import ROOT
from polcheck.authoring.reference.editor_schema import json_schema
from polcheck.base.spans import Source
from polcheck.formats import parse_config
from polcheck.policy.schema import Shape

FOLDER = ROOT / "schemas"
ROOTS = {"policy": "policy", "pack": "pack", "case": "tests", "config": "polcheck"}
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    7,
    1.5,
    "",
    " ",
    "x",
    "error",
    [],
    ["x"],
    [""],
    [{}],
    {},
    {"x": "y"},
    {"x": 1},
)

# Documents that use every key of their schema, so that a mutation can reach each.
WHOLE: dict[str, list[str]] = {
    "policy": [
        """
        {id: p, title: t, at: x, requirement: r, severity: note, description: d, message: m, see: s, tags: [a],
         remedy: r, deprecated: q, fix: {replace: a, with: b, safe: true},
         when: {where: a}, for: {files: [a, b], per: [a]},
         require: [subject, {use: x, count: {min: 1, max: 2}}]}
        """,
        """
        {id: p, title: t, message: m, fix: [{insert: {a: b}, into: a, at: sorted}, {delete: a}, {create: a, text: b},
          {rename: a, to: b}], forbid: [{files: a, pattern: [f()], language: python, resolve: false, as: {a: b},
          where: w, let: {a: b}, name: n, is: x, of: y, inside: x, has: [{code: (a), until: [{text: t}], as: {a: b},
          let: {a: b}, where: w, use: u, language: l, resolve: true, pattern: p, is: x, of: y, inside: x,
          has: {code: c}}], after: [x, {pattern: p}], scope: file, near: 3, revision: base,
          changed: [added, renamed]},
          {in: a, text: t}, {data: d, as: a}, {values: [1, {a: b}]}, {values: tables.a},
          {any: [{files: a}, [{files: a}, {code: c, count: 3}]]}, {not: [{files: a}]}, {not: {files: a}}]}
        """,
    ],
    "pack": [
        """
        {name: a, version: '1', description: d, license: MIT, licence: MIT, requires: polcheck>=0.1, language: 1,
         fits: ['**/*.py'],
         params: {a: {type: list, default: null, allowed: [1], description: d}},
         profiles: {strict: {description: d, params: {a: 1}, severities: {p: 'off'}}},
         default_profile: strict,
         requirements: {a: t, b: {title: t, decided_by: review, because: b, description: d}},
         selectors: {a: {files: x}, b: [{files: x}]}, submission: {a: b}, verdict: {a: b, c: {template: t}},
         extends: [base, {pack: p, select: [a], ignore: [b], params: {a: 1}, severities: {a: error}}],
         uses: [a, {pack: b, params: {a: 1}}], exports: {selectors: [a, {selector: b, only: [c]}], tables: [t]}}
        """
    ],
    "case": [
        """
        {case: c, files: {a: b}, base: {a: c}, folder: f, params: {a: 1}, profile: p, verdict: pass, fields: {a: [1]},
         fixed: {a: b}, today: "2026-01-31",
         expect: {a: pass, b: {outcome: fail, at: [x, y], message: m, nearest: n}},
         differs: [{rewrite: a, reason: r}, {rewrite: [a, b], policy: p, reason: r}]}
        """
    ],
    "config": [
        """
        {packs: [a, {source: s, params: {a: 1}, profile: p, select: a, ignore: [b]}], params: {a: {b: 1}},
         profiles: {a: b}, severities: {a: 'off'}, select: a, ignore: [b], exclude: [c], fail-on: never,
         allow-empty: true, baseline: b,
         gitignore: true, tracked: false, limits: {matches: 5},
         overrides: [{files: a, ignore: [b], severities: {a: note}, reason: r}],
         waivers: [{policy: a, files: [b], reason: r, owner: o, expires: '2027-01-31'}],
         trusted: [{packs: a, keys: [b], expires: '2027-01-31'}]}
        """
    ],
}


@lru_cache(maxsize=1)
def rules() -> dict[str, Any]:
    """Every Cerberus schema by name."""
    sources = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.yaml"))]
    return {name: rule for source in sources for name, rule in source.items()}


@lru_cache(maxsize=8)
def validator(root: str) -> Draft202012Validator:
    """The JSON Schema of a root, ready to check."""
    return Draft202012Validator(json_schema(rules(), root))


def verdict(root: str, document: Any) -> bool:
    """Whether a document is right, of which both schemas must say the same."""
    right = validator(root).is_valid(document)
    assert right is not bool(Shape(rules(), root).problems(document)), document
    return right


def shipped(root: str) -> Iterator[Any]:
    """The documents of the packs in policies/ that `root` describes."""
    pattern = {"policy": "*/policies/*.yaml", "pack": "*/pack.yaml", "case": "*/tests/*.yaml", "config": "-"}[root]
    for path in sorted((ROOT / "policies").glob(pattern)):
        if path.name != "equivalent.yaml":
            yield from parse_config(Source(path.name, path.read_bytes()), "yaml").values


def whole(root: str) -> list[Any]:
    """The documents that use every key."""
    return [yaml.safe_load(text) for text in WHOLE[root]]


def pointers(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a document can be changed: every place in it."""
    yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from pointers(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from pointers(inner, (*at, index))


def mutants(document: Any, at: tuple[Any, ...]) -> Iterator[Any]:
    """The document with the value at a place replaced, removed, renamed, wrapped, or given one more."""
    for value in VALUES:
        yield changed(document, at, lambda _, value=value: value)
    yield changed(document, at, lambda old: [old])
    yield changed(document, at, lambda old: {**old, "more": "x"} if isinstance(old, dict) else [old, old])
    if at:
        yield changed(document, at, None)
        if isinstance(at[-1], str):
            moved = changed(document, at, None)
            yield changed(moved, at[:-1], lambda holder: {**holder, at[-1] + "s": "x"})


def changed(document: Any, at: tuple[Any, ...], change: Any) -> Any:
    """A copy of the document with one place changed; without a change, that place removed."""
    made = copy.deepcopy(document)
    if not at:
        return change(made)
    holder = made
    for step in at[:-1]:
        holder = holder[step]
    if change is None:
        del holder[at[-1]]
    else:
        holder[at[-1]] = change(holder[at[-1]])
    return made


def test_the_schemas_are_up_to_date() -> None:
    """scripts/schemas has nothing to write."""
    ran = subprocess.run(
        [sys.executable, "scripts/schemas", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ROOTS.values())
def test_the_schemas_are_json_schemas(name: str) -> None:
    """Each generated file is valid in its dialect."""
    Draft202012Validator.check_schema(json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8")))


@pytest.mark.parametrize("root", ROOTS)
def test_the_whole_documents_use_every_key(root: str) -> None:
    """The documents that are mutated hold every key of their root, so that each is mutated, and are right."""
    documents = whole(root)
    assert {key for document in documents for key in document} >= set(rules()[root]) - {
        "require",
        "forbid",
        "when",
        "for",
    }
    assert all(validator(root).is_valid(document) for document in documents)


@pytest.mark.parametrize("root", ROOTS)
def test_shipped_documents_are_right_for_both(root: str) -> None:
    """What ships with polcheck has no problem in either schema."""
    for document in shipped(root):
        assert not Shape(rules(), root).problems(document)
        assert validator(root).is_valid(document)


@pytest.mark.parametrize("root", ROOTS)
def test_both_say_the_same_of_every_mutant(root: str) -> None:
    """Every mutation of every place of a document that uses every key gets one verdict from both."""
    verdicts = set()
    for document in whole(root):
        for at in pointers(document):
            for mutant in mutants(document, at):
                verdicts.add(verdict(root, mutant))
    assert verdicts == {True, False}


@pytest.mark.parametrize("root", ["policy", "pack", "case"])
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_both_say_the_same_of_shipped_documents_mutated_twice(root: str, data: st.DataObject) -> None:
    """Two mutations of a document that ships with polcheck get one verdict from both."""
    document = data.draw(st.sampled_from(list(shipped(root))))
    for _ in range(2):
        at = data.draw(st.sampled_from(list(pointers(document))))
        document = data.draw(st.sampled_from(list(mutants(document, at))))
    verdict(root, document)


def test_a_rule_without_a_counterpart_is_refused() -> None:
    """A Cerberus rule that the generator doesn't know is an error, not left out."""
    with pytest.raises(ValueError, match="`contains` has no counterpart"):
        json_schema({"a": {"x": {"type": "list", "contains": 1}}}, "a")
