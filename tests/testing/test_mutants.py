"""Mutants: what the operators make of policies, and which of them cases notice."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from casepacks import EVAL, EVALUATES, Write
from pack_files import ROOT
from polcheck.authoring.mutants.hunt import Hunt
from polcheck.authoring.mutants.mutant import Mutant
from polcheck.authoring.mutants.operators import OPERATORS, mutants
from polcheck.authoring.mutants.runner import SURVIVED, MutantRunner
from polcheck.authoring.testing.cases import read_cases
from polcheck.authoring.testing.pack_source import SELECTORS, PackSource
from polcheck.authoring.testing.runner import CaseRunner
from polcheck.packs.shipped import schemas
from polcheck.project.packs import read_pack
from typed import polcheck

# for each kind of selector and modifier a body that has it, and operators that change it
KINDS: dict[str, tuple[str, set[str]]] = {
    "files": ("forbid: {files: [src/x.py, '!src/y.py']}", {"widen-folder", "widen-name", "drop-exclude"}),
    "pattern": ("forbid: {pattern: [\"f('a', ...)\", g(...)]}", {"loosen-string", "drop-argument", "drop-alternative"}),
    "code": ("forbid: {code: '((call) @x (#eq? @x \"a\"))'}", {"drop-predicate", "negate-predicate"}),
    "data": ("forbid: {data: \"a[?b == 'c']\"}", {"drop-filter", "flip-comparison"}),
    "text": ("forbid: {text: '^word'}", {"drop-anchor", "loosen-word"}),
    "values": ("forbid: [{values: tables.x}, {values: [a, b]}]", {"first-row-only", "drop-row"}),
    "in": ("forbid: [{text: '(?P<a>x)(?P<b>y)'}, {in: a, text: z}]", {"leave-value", "other-value"}),
    "where": ("forbid: {pattern: $a, where: a}", {"drop-where", "negate-where"}),
    "let": ("forbid: {pattern: $a, let: {b: lower(a), c: b}}", {"drop-let", "drop-function", "drop-join"}),
    "is": ("forbid: {pattern: a, is: {pattern: b}}", {"drop-is", "negate-is"}),
    "of": ("forbid: [{pattern: 'f($a, $b)'}, {is: {code: (string)}, of: a}]", {"drop-of", "other-of"}),
    "at": ("{at: a, forbid: {pattern: 'f($a, $b)'}}", {"drop-at", "other-at"}),
    "inside": ("forbid: {pattern: a, inside: {pattern: b}}", {"drop-inside", "negate-inside"}),
    "has": ("forbid: {pattern: a, has: {pattern: b}}", {"drop-has", "negate-has"}),
    "after": ("forbid: {pattern: a, after: {pattern: b}}", {"drop-after", "negate-after"}),
    "until": ("forbid: {pattern: a, inside: {pattern: b, until: (c)}}", {"drop-until", "until-anything"}),
    "scope": ("{for: {pattern: a}, forbid: {files: x.py, pattern: b, scope: file}}", {"drop-scope", "swap-scope"}),
    "near": ("{for: {pattern: a}, forbid: {pattern: b, near: 3}}", {"drop-near", "near-by-one"}),
    "revision": ("require: [{files: a.json, data: v, revision: base}, {data: w}]", {"drop-revision", "add-revision"}),
    "changed": ("forbid: {files: a, changed: [added, modified]}", {"drop-changed", "drop-change", "add-change"}),
    "constant": (
        "forbid: {pattern: 'f($a, $b)', constant: [a, b]}",
        {"drop-constant", "drop-constant-name"},
    ),
    "closure": ("forbid: {use: e, closure: [a, b]}", {"drop-closure", "turn-closure"}),
    "dynamic": ("forbid: {pattern: f($a), constant: a, dynamic: undecided}", {"drop-dynamic", "swap-dynamic"}),
    "count": ("require: {pattern: a, count: {min: 1, max: 3}}", {"drop-count", "count-by-one"}),
    "per": ("{for: [{pattern: f($a, $b)}, {per: [a, b]}], forbid: [subject]}", {"drop-per", "drop-per-name"}),
    "group": (
        "{for: [{pattern: f($a)}, {per: [a], let: {n: length(group)}, where: $group}], forbid: [subject]}",
        {"group-of-one", "no-group"},
    ),
    "names of the row": ("forbid: {data: a, as: b, where: 'c[?d == $b]'}", {"bare-name", "null-name"}),
    "functions": (
        "forbid: {data: a, as: b, where: 'add(b, b) && days_between(today(), b)'}",
        {"swap-function", "swap-dates"},
    ),
    "use": ("forbid: [{use: x, as: {a: b}}, {pattern: $b}]", {"drop-item", "drop-as", "drop-join"}),
    "as": ("forbid: [{data: a, as: b}, {data: c, as: b}]", {"drop-as", "drop-join"}),
    "only": ("forbid: [{use: x, only: [a, b]}, {pattern: 'f($a, $b)'}]", {"drop-only", "drop-join"}),
    "any": ("forbid: {any: [{pattern: a}, {pattern: b}]}", {"drop-branch", "all-branches"}),
    "not": ("forbid: [{pattern: a}, {not: {pattern: b}}]", {"drop-not", "negate-not"}),
    "when": ("{when: {pattern: a}, forbid: {pattern: b}}", {"drop-when", "negate-when"}),
    "require": ("require: [{pattern: a}, {pattern: b}]", {"flip-demand", "drop-item"}),
    "forbid": ("forbid: [{pattern: a}, {pattern: b}]", {"flip-demand", "drop-item"}),
    "resolve": ("forbid: [{pattern: a.b, resolve: true}, {pattern: c.d}]", {"flip-resolve", "resolve-off"}),
    "fix": (
        "{forbid: {pattern: 'f($a, $b)'}, fix: [{replace: a, with: x}, {insert: {c: 1, d: 2}, into: b}]}",
        {"drop-fix", "drop-edit", "other-target", "empty-text", "drop-entry", "other-position"},
    ),
    "fix that sets": (
        "{forbid: {data: a, as: b}, fix: {set: {c: 1, d: 2}, into: b, when: 'b.c'}}",
        {"keep-entry", "drop-entry", "any-finding", "other-findings"},
    ),
}


def made(body: str) -> list[Mutant]:
    """The mutants of a policy with this body."""
    return list(mutants("p", {"id": "p", "title": "t", "message": "m", **yaml.safe_load(body)}))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_at_least_two_operators(kind: str) -> None:
    """Each kind of selector and modifier is changed in two ways or more."""
    body, operators = KINDS[kind]
    assert len(operators) >= 2
    assert operators <= {mutant.operator for mutant in made(body)}


def test_the_kinds_are_those_of_the_language() -> None:
    """No key of an item is without operators but those that change no outcome or choose how a file is read."""
    schema = yaml.safe_load((ROOT / "schemas" / "policy.yaml").read_text("utf-8"))
    assert set(schema["item"]) | set(schema["target"]) <= KINDS.keys() | {"name", "language"}


def test_every_operator_makes_a_mutant_here() -> None:
    """No operator is dead: each makes a mutant of some policy above, or of the texts that it works on."""
    found = {mutant.operator for body, _ in KINDS.values() for mutant in made(body)}
    more = """forbid:
      - {files: "{a,b}/{x}", code: "(a . (b !c) (#any-of? @d 'e' 'f'))", where: "a && matches(b, '(?i)c|d')"}
      - {files: "{x}", code: '((a) @x (#any-of? @x "e" "f"))'}
      - {code: (a . (b !c))}
    """
    found |= {mutant.operator for mutant in made(more)}
    assert found == OPERATORS.keys()


def test_the_operators_are_documented() -> None:
    """The table in docs/testing.md is that of the operators."""
    text = (ROOT / "docs" / "testing.md").read_text("utf-8").partition("### Operators")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+?) \|$", text, re.MULTILINE))
    assert rows == {name: says.replace("|", "\\|") for name, says in OPERATORS.items()}


def test_ids_are_readable_and_distinct() -> None:
    """An id says the operator and the place; a number tells several at one place apart."""
    ids = [mutant.id for mutant in made("forbid: {files: src/*.py, text: ^a$}")]
    assert ids == [
        "flip-demand@forbid",
        "drop-anchor@forbid.text",
        "drop-anchor@forbid.text#2",
        "widen-folder@forbid.files",
    ]


def test_the_same_mutant_is_made_once() -> None:
    """No two mutants of an owner are the same document."""
    for body, _ in KINDS.values():
        documents = [json.dumps(mutant.document) for mutant in made(body)]
        assert len(documents) == len(set(documents))


def test_a_name_that_joins_nothing_is_no_join() -> None:
    """A capture is taken away only where it stands a second time, in the same branch."""
    joins = [
        m.at
        for m in made("forbid: {any: [[{pattern: f($a)}, {pattern: g($a)}], {pattern: h($a)}]}")
        if m.operator == "drop-join"
    ]
    assert joins == [("forbid", "any", 0, 0, "pattern"), ("forbid", "any", 0, 1, "pattern")]


def hunted(folder: Path, *options: object) -> tuple[int, dict[str, Any]]:
    """The exit status of `--mutate`, and what it says of the mutants."""
    ran = polcheck("test", folder, "--mutate", "-f", "json", *options)
    (pack,) = json.loads(ran.out)["packs"]
    return ran.status, pack["mutants"]


ALONE = f"""{EVALUATES}
---
case: elsewhere
files: {{tools/a.py: "eval(1)", src/b.py: ""}}
expect: {{no-eval: pass}}
"""


def test_a_living_mutant_is_a_missing_case(write: Write) -> None:
    """A mutant that no case notices is printed with its place and change, and the exit status is 1."""
    folder = write(EVAL, EVALUATES)
    status, found = hunted(folder)
    assert status == 1
    (lived,) = found["survived"]
    assert (lived["policy"], lived["mutant"]) == ("no-eval", "widen-folder@forbid.files")
    assert (lived["from"], lived["to"]) == ("src/*.py", "**/*.py")
    ran = polcheck("test", folder, "--mutate")
    assert "policies/p.yaml:4  no-eval  widen-folder@forbid.files" in ran.out
    assert "mutants of" in ran.out


def test_a_case_kills_it(write: Write) -> None:
    """With the case that was missing nothing lives, and the exit status is 0."""
    status, found = hunted(write(EVAL, ALONE))
    assert (status, found["survived"], found["percent"]) == (0, [], 100.0)


@pytest.mark.parametrize("mutant", ["widen-folder@forbid.files", "src/*.py -> **/*.py"])
def test_an_equivalent_mutant_needs_a_reason(write: Write, mutant: str) -> None:
    """A mutant that the pack lists, by its id or its change, may live."""
    entry = f"- {{policy: no-eval, mutant: '{mutant}', reason: there is no other folder}}\n"
    status, found = hunted(write(EVAL, EVALUATES, tests__equivalent_yaml=entry))
    assert status == 0
    assert found["equivalent"][0]["reason"] == "there is no other folder"
    killed, survived = found["killed"], len(found["survived"])
    assert found["percent"] == pytest.approx(100 * killed / (killed + survived))


def test_an_entry_that_excuses_nothing_is_reported(write: Write) -> None:
    """An equivalent mutant that a case kills, or that isn't made any more, must leave the list."""
    entry = "- {policy: no-eval, mutant: widen-folder@forbid.files, reason: once true}\n"
    folder = write(EVAL, ALONE, tests__equivalent_yaml=entry)
    status, found = hunted(folder)
    assert (status, len(found["unused"])) == (1, 1)
    assert hunted(folder, "-k", "e")[0] == 0
    assert "no surviving mutant of `no-eval`" in polcheck("test", folder, "--mutate").out


def test_mutants_wait_until_the_cases_pass(write: Write) -> None:
    """A case that fails anyway notices nothing."""
    ran = polcheck("test", write(EVAL, EVALUATES.replace("fail", "pass")), "--mutate")
    assert (ran.status, "nothing was mutated or rewritten" in ran.out) == (1, True)


def test_a_policy_without_a_case_is_named(write: Write) -> None:
    """A policy that no case names is one line, and its mutants count as living."""
    folder = write(EVAL + "\n---\n" + EVAL.replace("no-eval", "other"), ALONE)
    ran = polcheck("test", folder, "--mutate")
    assert (ran.status, "other  no case names it" in ran.out) == (1, True)
    assert "widen-folder@" not in ran.out


def test_selectors_are_mutated_where_they_are_written(write: Write) -> None:
    """A mutant of a selector stands in pack.yaml, and a case of any policy that uses it kills it."""
    head = "selectors: {calls: {files: src/*.py, pattern: [eval(...), exec(...)]}}\n"
    policy = "id: {}\ntitle: t\nforbid: {{use: calls}}\nmessage: m\n"
    cases = """
        case: one
        files: {src/a.py: eval(1)}
        expect: {one: fail}
        ---
        case: two
        files: {src/a.py: exec(1)}
        expect: {two: fail}
    """
    status, found = hunted(write(policy.format("one") + "---\n" + policy.format("two"), cases, head))
    assert status == 1
    assert [(lived["policy"], lived["mutant"]) for lived in found["survived"]] == [
        ("selectors.calls", "widen-folder@selectors.calls.files")
    ]
    assert "pack.yaml:" in found["survived"][0]["place"]


def test_the_parameters_of_cases_are_kept(write: Write) -> None:
    """Mutants are judged with the parameters and the tables that cases and policies see."""
    head = "params: {on: {type: boolean, default: false}}\n"
    policy = """
        id: p
        title: t
        when: {where: params.on}
        forbid: [{files: "*.py", pattern: $name(...)}, {values: tables.bad, as: name}]
        message: m
    """
    cases = """
        case: on
        files: {a.py: "good(1)\\nevil(1)"}
        params: {on: true}
        expect: {p: {outcome: fail, at: a.py:2}}
        ---
        case: off
        files: {a.py: evil(1)}
        expect: {p: not-applicable}
    """
    _, found = hunted(write(policy, cases, head, tables__bad_yaml="[bad, evil]"))
    survived = {lived["mutant"] for lived in found["survived"]}
    assert "drop-item@forbid[1]" not in survived
    assert "drop-when@when" not in survived
    assert "drop-row@forbid[1].values" in survived


@pytest.mark.parametrize("name", ["airas-base-code", "python-project"])
def test_a_policy_that_isnt_changed_lives(name: str) -> None:
    """Judging a policy alone, with what was found reused, says the same as judging its pack."""
    pack = read_pack(name)
    cases = read_cases(pack, schemas().tests)
    bench = CaseRunner(pack, schemas())
    cases = tuple(case for case in cases[::5] if bench.run_case(case).passed)
    pages = PackSource(pack)
    for policy in sorted({policy for case in cases for policy in case.policies}):
        trial = MutantRunner(pages, schemas(), policy, cases)
        same = Mutant(policy, "nothing", (), pages.policies[policy].document, "", "")
        assert [trial.verdict(same), trial.verdict(same)] == [SURVIVED, SURVIVED], policy


def test_a_mutant_dies_alone_as_it_dies_in_its_pack(write: Write) -> None:
    """What the trial says of a mutant is what judging the whole changed pack says."""
    policies = EVAL + "\n---\n" + "id: b\ntitle: t\nrequire: {files: '*.md', text: '^# (?P<x>\\w+)$'}\nmessage: m\n"
    heading = "---\ncase: d\nfiles: {a.md: '# x'}\nexpect: {b: pass}\n"
    none = "---\ncase: e\nfiles: {a.md: 'a # x'}\nexpect: {b: fail}\n"
    cases = f"{ALONE}\n{heading}{none}"
    folder = write(policies, cases)
    pack = read_pack(folder)
    hunt = Hunt(pack, schemas(), read_cases(pack, schemas().tests), ())
    survivors = {(lived.mutant.owner, lived.mutant.id) for lived in hunt.run(["no-eval", "b"]).survived}
    for owner in ("no-eval", "b"):
        for mutant in hunt.mutants(owner):
            other = next(o.document for id, o in hunt.pack_source.policies.items() if id != owner)
            text = json.dumps(mutant.document) + "\n---\n" + json.dumps(other)
            (folder / "policies/p.yaml").write_text(text)
            lives = polcheck("test", folder).status == 0
            assert lives == ((owner, mutant.id) in survivors), mutant


def test_processes_make_no_difference(write: Write) -> None:
    """Any number of processes gives the same mutants, in the same order."""
    folder = write(EVAL, EVALUATES)
    assert hunted(folder, "-j", 1) == hunted(folder, "-j", 2)


def test_owners_of_selectors_have_a_name_of_their_own() -> None:
    """No policy can be called like a selector's owner by accident of its place."""
    pages = PackSource(read_pack("airas-base-code"))
    assert not any(policy.startswith(SELECTORS) for policy in pages.policies)
