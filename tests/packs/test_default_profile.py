"""`default_profile` in pack.yaml: what is in force where nobody names a profile."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pytest

from pack_files import schemas
from polcheck.base.errors import PolicyError
from polcheck.policy.pack import compile_packs
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import AS_WRITTEN, Settings

_HEAD = """
    name: base
    version: 1.0.0
    params: {most: {type: integer, default: 1}}
    default_profile: calm
    profiles:
      calm: {params: {most: 2}, severities: {b: "off", c: note}}
      strict: {severities: {c: error}}
"""


def base(head: str = _HEAD) -> PackFiles:
    """A pack of three policies, all of them warnings, whose default profile leaves one out."""
    files = {"pack.yaml": textwrap.dedent(head).strip().encode()}
    for id in "abc":
        text = f"id: {id}\ntitle: {id}\nseverity: warning\ntags: [letters]\nforbid: {{files: 'x/{id}'}}\nmessage: no\n"
        files[f"policies/{id}.yaml"] = text.encode()
    return PackFiles("base", files)


def ours(extends: str) -> PackFiles:
    """A pack that extends it."""
    head = f"name: ours\nversion: 1.0.0\nextends: [{extends}]\n"
    return PackFiles("ours", {"pack.yaml": head.encode()}, bases={"base": base()})


def severities(pack: PackFiles, settings: Settings | None = None) -> Mapping[str, str]:
    """The policies in force, by id."""
    return {policy.id: policy.severity for policy in compile_packs([pack], settings or Settings(), schemas()).policies}


def most(pack: PackFiles, settings: Settings | None = None) -> object:
    """The parameter `most` of the pack `base`."""
    return compile_packs([pack], settings or Settings(), schemas()).packs[-1].params["most"]


def test_it_is_in_force_where_nothing_names_a_profile() -> None:
    """Its severities and its parameters both count."""
    assert severities(base()) == {"a": "warning", "c": "note"}
    assert most(base()) == 2


@pytest.mark.parametrize(
    "settings",
    [Settings(profiles={"base": "strict"}), Settings(profiles={"": "strict"})],
    ids=["of the pack", "of all"],
)
def test_a_profile_that_is_named_takes_its_place(settings: Settings) -> None:
    """Nothing of the default profile is left."""
    assert severities(base(), settings) == {"a": "warning", "b": "warning", "c": "error"}
    assert most(base(), settings) == 1


def test_a_profile_of_the_file_takes_its_place() -> None:
    """`profile` and `profiles` of polcheck.yaml are a choice, too."""
    assert "b" in severities(base(), Settings(base_profiles={"base": "strict"}))


def test_a_profile_that_only_another_pack_has_leaves_it_in_force() -> None:
    """`--profile NAME` means the packs that have such a one."""
    other = PackFiles(
        "other",
        {
            "pack.yaml": b"name: other\nversion: 1.0.0\nprofiles: {loud: {description: all}}\n",
            "policies/d.yaml": b"id: d\ntitle: d\nforbid: {files: x/d}\nmessage: no\n",
        },
    )
    plan = compile_packs([base(), other], Settings(profiles={"": "loud"}), schemas())
    assert [policy.id for policy in plan.policies] == ["a", "c", "d"]


def test_cases_and_validate_see_the_pack_as_it_is_written() -> None:
    """Who writes a pack tests all of it."""
    assert severities(base(), AS_WRITTEN) == {"a": "warning", "b": "warning", "c": "warning"}
    assert most(base(), AS_WRITTEN) == 1


@pytest.mark.parametrize("select", ["b", "base:b", "base:*", "letters"])
def test_select_brings_back_what_it_leaves_out(select: str) -> None:
    """A policy that somebody asks for by its id, a wildcard or a tag is in force, as severe as it is written."""
    assert severities(base(), Settings(select=(select,)))["b"] == "warning"


def test_a_select_of_the_whole_pack_brings_nothing_back() -> None:
    """The name of the pack stands for what it is by default."""
    assert severities(base(), Settings(select=("base",))) == {"a": "warning", "c": "note"}


def test_a_severity_of_the_user_brings_a_policy_back() -> None:
    """What polcheck.yaml says of a policy is stronger than any profile."""
    assert severities(base(), Settings(severities={"b": "error"}))["b"] == "error"


def test_an_extension_is_stronger() -> None:
    """What a pack says of one that it extends are new defaults: severities, parameters and what it selects."""
    assert severities(ours("base")) == {"a": "warning", "c": "note"}
    assert severities(ours("{pack: base, severities: {b: error}}")) == {"a": "warning", "b": "error", "c": "note"}
    assert severities(ours("{pack: base, select: [b, c]}")) == {"b": "warning", "c": "note"}
    assert most(ours("base")) == 2
    assert most(ours("{pack: base, params: {most: 3}}")) == 3


def test_it_has_to_be_a_profile_of_the_pack() -> None:
    """Another name is refused at its line, with those that there are."""
    with pytest.raises(PolicyError) as caught:
        severities(base(_HEAD.replace("default_profile: calm", "default_profile: clam")))
    (problem,) = caught.value.problems
    assert (problem.line, problem.message) == (4, "the pack has no profile `clam`")
    assert problem.help == "one of `calm`, `strict`"


def test_a_pack_of_version_1_has_none() -> None:
    """The key needs version 2 of the language."""
    with pytest.raises(PolicyError, match="language: 2"):
        severities(base(_HEAD + "    language: 1\n"))
