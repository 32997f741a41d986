"""Selectors and tables that packs export, and the names that come out of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pack_files import judge, schemas
from polcheck.authoring.explain.policy import explain
from polcheck.authoring.lint import lint
from polcheck.authoring.mutants.operators import mutants
from polcheck.base.errors import PolicyError
from polcheck.findings.report import Report
from polcheck.formats.values import Json
from polcheck.packs.diff import diff, text_of
from polcheck.pipeline import Checker
from polcheck.policy.origin import Problems
from polcheck.policy.pack import compile_packs, open_packs
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import Settings
from polcheck.sources.submission import of_files

HEAD = """name: base
version: 1.0.0
params: {word: {type: string, default: TODO}}
selectors:
  inner: {files: "*.py", pattern: 'environ["$key"]'}
  env: [{use: inner}, {let: {helper: "'x'"}}]
  marked: {files: "*.txt", text: '(?P<word>TODO|FIXME)', where: "word == params.word"}
  owned: [{use: env}, {values: tables.owners}]
  hidden: {files: "*"}
exports:
  selectors: [env, marked, {selector: owned, only: [key, owner]}]
  tables: [owners, names]
"""
BASE = {
    "pack.yaml": HEAD,
    "tables/owners.yaml": "- {key: HOME, owner: me}\n- {key: PATH, owner: you}\n",
    "tables/names.yaml": "[HOME, LANG]\n",
}
FILES = {"a.py": 'environ["HOME"]\nenviron["FOO"]\n', "b.txt": "TODO FIXME\n"}
DECOY = 'selectors: {inner: {files: "*.py", pattern: print($key)}}\n'


def _files(root: str, files: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in files.items()}


def exporting(head: str = HEAD) -> PackFiles:
    """The pack that exports."""
    return PackFiles("base", _files("base", {**BASE, "pack.yaml": head}))


def using(body: str, head: str = "", uses: str = "[base]", base: PackFiles | None = None) -> PackFiles:
    """A pack of one policy that uses the other pack."""
    text = f"name: ours\nversion: 1.0.0\nuses: {uses}\n{head}"
    policy = f"id: p\ntitle: t\n{body}\n"
    return PackFiles(
        "ours",
        _files("ours", {"pack.yaml": text, "policies/p.yaml": policy}),
        used={"base": base or exporting()},
    )


def run(pack: PackFiles) -> Report:
    """The report on the files."""
    return Checker(compile_packs([pack], Settings(), schemas()), jobs=1).check(of_files(FILES))


def messages(body: str, **options: str) -> list[str]:
    """What a policy says."""
    return [finding.message for finding in run(using(body, **options)).findings]  # type: ignore[arg-type]


def refused(pack: PackFiles) -> list[str]:
    """What is wrong with a pack, and where."""
    with pytest.raises(PolicyError) as caught:
        compile_packs([pack], Settings(), schemas())
    return [f"{p.path}:{p.line} {p.message}" for p in caught.value.problems]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('forbid: {use: base/env}\nmessage: "{{ key }} {{ helper }}"', ["HOME x", "FOO x"]),
        ('forbid: {use: base/owned}\nmessage: "{{ key }} {{ owner }}"', ["HOME me"]),
        ('for: {use: base/env}\nrequire: {use: base/owners}\nmessage: "{{ key }}"', ["FOO"]),
        ('for: {use: base/env}\nrequire: {use: base/names, as: {value: key}}\nmessage: "{{ key }}"', ["FOO"]),
        ('forbid: [{use: base/env}, {not: {use: base/names, as: key}}]\nmessage: "{{ key }}"', ["FOO"]),
        ('forbid: {use: base/marked}\nmessage: "{{ word }}"', ["TODO"]),
    ],
)
def test_what_a_pack_exports_can_be_used(body: str, found: list[str]) -> None:
    """Selectors with what they use themselves, and tables by row, whatever the using pack calls its own."""
    assert messages(body) == messages(body, head=DECOY) == found


def test_parameters_are_those_of_the_exporting_pack() -> None:
    """Its defaults, or what `uses` sets; one of the same name in the using pack makes no difference."""
    body = 'forbid: {use: base/marked}\nmessage: "{{ word }}"'
    own = "params: {word: {type: string, default: FIXME}}\n"
    assert messages(body, head=own) == ["TODO"]
    assert messages(body, uses="[{pack: base, params: {word: FIXME}}]") == ["FIXME"]


def test_a_pack_that_is_extended_exports_to_its_extender() -> None:
    """`extends` gives policies, and what the pack exports."""
    ours = using('forbid: {use: base/owned}\nmessage: "{{ key }}"', uses="[]")
    base = PackFiles(
        "base", {**exporting().files, "policies/p.yaml": b"id: q\ntitle: t\nforbid: {files: x}\nmessage: m\n"}
    )
    head = ours.files["pack.yaml"].replace(b"uses: []", b"extends: [base]")
    pack = PackFiles("ours", {**ours.files, "pack.yaml": head}, bases={"base": base})
    assert [finding.message for finding in run(pack).findings] == ["HOME"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("forbid: {use: base/hidden}", "the pack `base` exports no selector or table `hidden`"),
        ("forbid: {use: base/envv}", "the pack `base` exports no selector or table `envv`"),
        ("forbid: {use: other/env}", "there is no selector `other/env`"),
        ("forbid: {use: base/owned}\nremedy: '{{ helper }}'", "`helper` is never bound"),
        ("forbid: {use: base/env, only: [key, x]}", "`x` is never bound"),
        ("forbid: {use: base/env, only: key}\nremedy: '{{ helper }}'", "`helper` is never bound"),
        ("forbid: {files: '*', only: key}", "`only` does not apply here"),
    ],
)
def test_what_is_not_exported_can_not_be_used(body: str, problem: str) -> None:
    """Neither selectors, nor the names that stay inside."""
    problems = refused(using(f"{body}\nmessage: m"))
    assert problem in [text.partition(" ")[2] for text in problems]


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ("{selectors: [nothing]}", "the pack has no selector `nothing`"),
        ("{tables: [nothing]}", "the pack has no table `nothing`"),
        ("{selectors: [env, env]}", "`env` is exported twice"),
        ("{selectors: [{selector: env, only: [keys]}]}", "the selector `env` doesn't bind `keys`"),
    ],
)
def test_exports_name_what_is_there(entries: str, problem: str) -> None:
    """A pack that exports something that it doesn't have is refused at that line."""
    head = HEAD[: HEAD.index("exports:")] + f"exports: {entries}\n"
    assert refused(exporting(head)) == [f"base/pack.yaml:10 {problem}"]


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ("{wrd: x}", "`base` has no parameter `wrd`"),
        ("{word: 3}", "the parameter `word` is of type string, not a number"),
    ],
)
def test_parameters_of_uses_are_checked(params: str, problem: str) -> None:
    """At the entry that sets them."""
    pack = using("forbid: {use: base/env}\nmessage: m", uses=f"[{{pack: base, params: {params}}}]")
    assert refused(pack)[0].startswith(f"ours/pack.yaml:3 {problem.split(', not', maxsplit=1)[0]}")


@pytest.mark.parametrize("key", ["uses: [base]", "exports: {tables: []}"])
def test_a_pack_of_version_1_has_neither(key: str) -> None:
    """It is refused with the hint to set the version."""
    pack = using("forbid: {files: '*'}\nmessage: m", head="language: 1\n", uses="[]")
    head = pack.files["pack.yaml"].replace(b"uses: []", key.encode())
    (problem,) = refused(PackFiles("ours", {**pack.files, "pack.yaml": head}, used=pack.used))
    assert "needs version 2 of the policy language" in problem


def test_names_that_stay_inside_join_nothing() -> None:
    """The law of `only`: a helper of a selector is no partner for what is called alike outside."""
    head = "selectors: {env: [{files: '*.py', pattern: 'environ[\"$key\"]'}, {let: {n: \"'1'\"}}]}\n"
    body = "for: {{files: '*.py', text: '(?P<key>HOME)', let: {{n: \"'2'\"}}}}\nrequire: {{use: env{}}}\nmessage: m\n"
    outcomes = [judge(body.format(only), FILES, head=head).policies[0].outcome for only in ("", ", only: key")]
    assert outcomes == ["fail", "pass"]


def test_only_is_about_the_names_after_as() -> None:
    """`as` comes first, and what it renames can be left inside."""
    assert messages('forbid: {use: base/env, as: {key: name}, only: name}\nmessage: "{{ name }}"') == ["HOME", "FOO"]
    assert refused(using("forbid: {use: base/env, as: {key: name}, only: key}\nmessage: m"))


def test_a_change_in_the_used_pack_changes_the_user() -> None:
    """Its identity, by which plans are cached, and the digest in reports; an edit of other policies doesn't."""
    body = "forbid: {use: base/env}\nmessage: m"
    before, after = using(body), using(body, base=exporting(HEAD.replace("environ", "getenv")))
    assert before.digest == after.digest
    assert before.identity != after.identity
    digests = [compile_packs([pack], Settings(), schemas()).packs[0].digest for pack in (before, after)]
    assert digests[0] != digests[1]


def test_a_difference_in_the_used_pack_is_one_of_the_policy() -> None:
    """`pack diff` says through which selector."""
    body = "forbid: {use: base/env}\nmessage: m"

    def opened(base: PackFiles) -> tuple[object, ...]:
        return open_packs([using(body, base=base)], Settings(), schemas(), Problems())[1]

    same = diff(opened(exporting()), opened(exporting(HEAD.replace("FIXME", "XXX"))))  # type: ignore[arg-type]
    other = diff(opened(exporting()), opened(exporting(HEAD.replace("environ", "getenv"))))  # type: ignore[arg-type]
    assert same.empty and not other.empty
    assert "through selector base/env" in text_of(other)


def test_exported_selectors_and_tables_are_not_unused() -> None:
    """`validate` warns of what neither the pack nor others can use."""
    found = [problem.message for problem in lint([exporting()], schemas()).problems]
    assert [text for text in found if "never used" in text] == ["the selector `hidden` is never used"]


def test_explain_shows_the_used_selector_at_its_line() -> None:
    """With the names that come out, and the file of the pack that holds it."""
    pack = using('forbid: {use: base/env, only: key}\nmessage: "{{ key }}"')
    checker = Checker(compile_packs([pack], Settings(), schemas()), jobs=1)
    told_ = explain(checker, "p", of_files(FILES), [pack])
    step = told_.parts[0].steps[0]
    assert dict(step.words)["only"] == "key"
    assert step.selected is not None
    assert [set(match.bindings) for match in step.selected.found.matches] == [{"key"}, {"key"}]
    places = [inner.place for branch in step.below for inner in branch.steps]
    assert places and all(place.startswith("base/pack.yaml:") for place in places)


def test_mutants_open_what_only_closes() -> None:
    """`only` is dropped, and each of its names stays inside."""
    document: Json = {"id": "p", "forbid": {"use": "base/env", "only": ["key", "helper"]}, "message": "m"}
    made = {(mutant.operator, mutant.before) for mutant in mutants("p", document, around='"key" "helper"')}
    assert {("drop-only", 'only: ["key", "helper"]'), ("drop-join", "only: key"), ("drop-join", "only: helper")} <= made


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('environ["$key"]', "environ[[", 5),
        ("pattern: 'environ", "patern: 'environ", 5),
        ("name: base", "name: [", 3),
        ("selectors: [env,", "selectors: [envv,", 11),
        ("tables: [owners,", "tables: [owner,", 12),
    ],
)
def test_only_what_is_wrong_with_a_used_pack_is_said(old: str, new: str, line: int) -> None:
    """What follows from it for the pack that uses it would lead to the wrong file."""
    broken = exporting(HEAD.replace(old, new))
    user = using("for: {use: base/env}\nrequire: {use: base/owners}\nmessage: '{{ key }} {{ nothing }}'", base=broken)
    with pytest.raises(PolicyError) as caught:
        compile_packs([user], Settings(), schemas())
    assert {(problem.path, problem.line) for problem in caught.value.problems} == {("base/pack.yaml", line)}
