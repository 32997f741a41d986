"""Packs that extend packs: what is taken over, in which order, and what can't be."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pytest

from pack_files import schemas
from polcheck.base.errors import PolicyError
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import Settings
from polcheck.policy.plan import Plan
from polcheck.sources.submission import of_files


def made(
    name: str, ids: Mapping[str, str] | None = None, extends: str = "", bases: Mapping[str, PackFiles] | None = None
) -> PackFiles:
    """A pack with these policies (id to severity) and a parameter `most`."""
    head = f"name: {name}\nversion: 1.0.0\nparams: {{most: {{type: integer, default: 1}}}}\n"
    head += f"extends: {textwrap.dedent(extends).strip()}\n" if extends else ""
    files = {"pack.yaml": head.encode()}
    for id, severity in (ids or {}).items():
        policy = f"id: {id}\ntitle: it is so\nseverity: {severity}\nforbid: {{files: 'x/{id}'}}\nmessage: no\n"
        files[f"policies/{id}.yaml"] = policy.encode()
    return PackFiles(name, files, bases=bases or {})


def plan(*packs: PackFiles, settings: Settings | None = None) -> Plan:
    """The plan of a run."""
    return compile_packs(packs, settings or Settings(), schemas())


def refs(found: Plan) -> dict[str, str]:
    """The policies of a plan and their severities."""
    return {policy.ref: policy.severity for policy in found.policies}


BASE = made("base", {"a": "error", "b": "error"})


def test_policies_keep_the_name_of_their_pack() -> None:
    """What is extended is in the run under its own name, after the pack that extends it."""
    ours = made("ours", {"c": "note"}, "[base]", {"base": BASE})
    assert refs(plan(ours)) == {"ours:c": "note", "base:a": "error", "base:b": "error"}
    assert [pack.name for pack in plan(ours).packs] == ["ours", "base"]


def test_a_pack_may_have_no_policies_of_its_own() -> None:
    """A pack that only chooses from another is a pack."""
    assert refs(plan(made("ours", {}, "[{pack: base, select: [a]}]", {"base": BASE}))) == {"base:a": "error"}


def test_policies_are_chosen_and_their_severities_changed() -> None:
    """`select`, `ignore` and `severities` speak of what is extended."""
    ours = made("ours", {}, "[{pack: base, ignore: [b], severities: {'base:a': note}}]", {"base": BASE})
    assert refs(plan(ours)) == {"base:a": "note"}


def test_parameters_are_new_defaults() -> None:
    """What an extension sets holds until the project sets something else."""
    ours = made("ours", {}, "[{pack: base, params: {most: 7}}]", {"base": BASE})
    assert plan(ours).packs[1].params == {"most": 7}
    assert plan(ours).packs[0].params == {"most": 1}
    set_there = Settings(params={"base": {"most": 9}})
    assert plan(ours, settings=set_there).packs[1].params == {"most": 9}


def test_the_project_has_the_last_word_on_severities() -> None:
    """Severities of the project come before those of extensions."""
    ours = made("ours", {}, "[{pack: base, severities: {'base:a': note}}]", {"base": BASE})
    assert refs(plan(ours, settings=Settings(severities={"a": "warning", "b": "off"}))) == {"base:a": "warning"}


def test_the_outermost_extension_decides() -> None:
    """A pack that extends a pack that extends one has the last word on both."""
    middle = made("middle", {"m": "error"}, "[{pack: base, params: {most: 5}, severities: {a: note}}]", {"base": BASE})
    outer = made(
        "outer",
        {},
        "[{pack: middle, ignore: ['base:b'], params: {most: 8}, severities: {a: warning}}]",
        {"middle": middle},
    )
    found = plan(outer)
    assert refs(found) == {"middle:m": "error", "base:a": "warning"}
    assert {pack.name: pack.params["most"] for pack in found.packs} == {"outer": 1, "middle": 8, "base": 8}


def test_a_diamond_is_one_pack() -> None:
    """A pack that two others extend is in the run once, with what either takes."""
    left = made("left", {"l": "error"}, "[{pack: base, select: [a]}]", {"base": BASE})
    right = made("right", {"r": "error"}, "[{pack: base, select: [b]}]", {"base": BASE})
    top = made("top", {}, "[left, right]", {"left": left, "right": right})
    assert refs(plan(top)) == {"left:l": "error", "right:r": "error", "base:a": "error", "base:b": "error"}
    assert [pack.name for pack in plan(top).packs] == ["top", "left", "right", "base"]


def test_a_listed_pack_brings_all_of_its_policies() -> None:
    """What a project lists itself is not narrowed by what another pack takes of it; its parameters still count."""
    ours = made("ours", {}, "[{pack: base, select: [a], params: {most: 4}}]", {"base": BASE})
    assert set(refs(plan(ours, BASE))) == {"base:a", "base:b"}
    assert plan(ours, BASE).packs[-1].params == {"most": 4}


@pytest.mark.parametrize(
    ("left", "right", "settings"),
    [
        ("params: {most: 2}", "params: {most: 3}", Settings(params={"base": {"most": 5}})),
        ("severities: {a: note}", "severities: {a: warning}", Settings(severities={"base:a": "error"})),
    ],
)
def test_two_packs_that_disagree_need_a_word_from_outside(left: str, right: str, settings: Settings) -> None:
    """Whom nobody overrules is refused; the project, or a pack that extends both, can decide."""
    one = made("left", {"l": "error"}, f"[{{pack: base, {left}}}]", {"base": BASE})
    two = made("right", {"r": "error"}, f"[{{pack: base, {right}}}]", {"base": BASE})
    with pytest.raises(PolicyError) as error:
        plan(one, two)
    assert "is set to something else in left/pack.yaml" in str(error.value)
    assert "right/pack.yaml" in str(error.value)
    plan(one, two, settings=settings)
    both = f"[{{pack: left, {left}}}, {{pack: right, {left}}}]"
    plan(made("top", {}, both, {"left": one, "right": two}))


@pytest.mark.parametrize(
    ("extension", "said"),
    [
        ("select: [nothing]", "`base` has no policy, requirement or tag `nothing`"),
        ("ignore: ['z*']", "`base` has no policy, requirement or tag `z*`"),
        ("severities: {'base:z': note}", "`base` has no policy, requirement or tag `base:z`"),
        ("params: {least: 1}", "`base` has no parameter `least`"),
        ("params: {most: many}", "is of type integer, not a string"),
        ("severity: {a: note}", "unknown key `severity`"),
    ],
)
def test_an_extension_that_names_nothing_is_refused_at_its_place(extension: str, said: str) -> None:
    """Each fault of an extension points at its line."""
    ours = made("ours", {}, f"\n  - pack: base\n    {extension}", {"base": BASE})
    ours = PackFiles(
        "ours",
        {"pack.yaml": f"name: ours\nversion: 1.0.0\nextends:\n  - pack: base\n    {extension}\n".encode()},
        bases={"base": BASE},
    )
    with pytest.raises(PolicyError) as error:
        plan(ours)
    assert said in str(error.value)
    assert "ours/pack.yaml:5:" in str(error.value)


def test_a_base_that_is_not_at_hand_is_refused() -> None:
    """A pack whose base nobody opened can't be used."""
    with pytest.raises(PolicyError, match="the pack `base` is not available"):
        plan(made("ours", {"a": "note"}, "[base]"))


def test_ways_without_end_are_refused() -> None:
    """Packs that extend each other in ever more ways are stopped, and soon."""
    pack = BASE
    for level in range(14):
        left = made(f"left{level}", {}, "[base]", {"base": pack})
        right = made(f"right{level}", {}, "[base]", {"base": pack})
        pack = made(f"top{level}", {}, "[left, right]", {"left": left, "right": right})
    with pytest.raises(PolicyError, match="through more than 256 routes"):
        plan(pack)


def test_waivers_and_fingerprints_do_not_change_with_who_extends() -> None:
    """A finding is the same whether its pack is listed or extended."""
    ours = made("ours", {}, "[base]", {"base": BASE})
    listed = Checker(plan(BASE)).check(of_files({"x/a": "", "x/b": ""}))
    extended = Checker(plan(ours)).check(of_files({"x/a": "", "x/b": ""}))
    assert [f.fingerprint for f in listed.findings] == [f.fingerprint for f in extended.findings] != []
