"""What is in force: the file that is found, and the command line before it."""

from __future__ import annotations

from typing import Any

import pytest

from polcheck.base.errors import ConfigError, PolicyError
from polcheck.project.effective import CommandLineOptions
from polcheck.project.project import Project
from trees import Tree

ONE = "packs: [packs/ours]\n"


def params(**given: Any) -> dict[str, object]:
    (pack,) = Project.at(".", CommandLineOptions(**given)).checker.plan.packs
    return dict(pack.params)


def severities(**given: Any) -> dict[str, str]:
    return {policy.id: policy.severity for policy in Project.at(".", CommandLineOptions(**given)).checker.plan.policies}


def problems(error: type[PolicyError] = ConfigError, **given: Any) -> list[str]:
    with pytest.raises(error) as caught:
        _ = Project.at(".", CommandLineOptions(**given)).checker
    return [f"{p.path}:{p.line}:{p.column} {p.message}" for p in caught.value.problems]


def test_the_file_is_found_above_a_folder(tree: Tree) -> None:
    """A folder's configuration is the nearest at or above it."""
    tree({"polcheck.yaml": ONE, "src/a/b.py": "", "src/pyproject.toml": "[project]\nname = 'x'\n"})
    project = Project.at("src/a", CommandLineOptions())
    assert project.effective.config_file is not None and project.effective.config_file.path == "polcheck.yaml"
    assert project.prefix == "src/a/"


@pytest.mark.parametrize("exclude", ["vendor/**", "vendor/", "*/**", "{vendor,x}/a/**"])
def test_a_folder_that_is_named_is_judged_though_it_is_excluded(tree: Tree, exclude: str) -> None:
    """What a run over the whole project leaves out can still be asked for; what is excluded within it stays out."""
    tree({"polcheck.yaml": f"exclude: ['{exclude}', '**/*.gen']\n", "vendor/a/b.py": "", "vendor/a/c.gen": "", "d": ""})
    assert list(Project.at("vendor/a", CommandLineOptions()).read().paths) == ["b.py"]
    assert "vendor/a/b.py" not in Project.at(".", CommandLineOptions()).read().paths


def test_other_submissions_use_that_of_the_working_directory(tree: Tree) -> None:
    """A bundle has no folders above it, so the configuration is sought from the working directory upward."""
    tree({"polcheck.yaml": ONE, "b.json": '{"a.py": "x = 1"}'})
    assert Project.at("b.json", CommandLineOptions()).names == ("ours",)


def test_a_table_in_pyproject_is_found_too(tree: Tree) -> None:
    """[tool.polcheck] is as good as polcheck.yaml."""
    tree({"pyproject.toml": "[tool.polcheck]\npacks = ['packs/ours']\n"})
    assert Project.at(".", CommandLineOptions()).names == ("ours",)


def test_both_in_one_folder_are_refused(tree: Tree) -> None:
    """Of two configurations side by side, nobody can tell which one is meant."""
    tree({"polcheck.yaml": ONE, "pyproject.toml": "[tool.polcheck]\npacks = ['packs/ours']\n"})
    with pytest.raises(ConfigError, match=r"polcheck\.yaml is the configuration, and so is .* pyproject\.toml:1"):
        Project.at(".", CommandLineOptions())


def test_isolated_uses_no_file(tree: Tree) -> None:
    """`--isolated` is for a run that must not depend on what lies around."""
    tree({"polcheck.yaml": ONE})
    assert Project.at(".", CommandLineOptions(), isolated=True).effective.packs == ()


def test_a_file_without_the_table_is_refused_when_it_is_named(tree: Tree) -> None:
    """`--config pyproject.toml` means its table, which must be there."""
    tree({"pyproject.toml": "[project]\nname = 'x'\n"})
    with pytest.raises(ConfigError, match=r"has no table \[tool\.polcheck\]"):
        Project.at(".", CommandLineOptions(), "pyproject.toml")


def test_packs_are_sought_from_the_file(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative folder in polcheck.yaml begins where the file lies, whatever the working directory."""
    root = tree({"polcheck.yaml": ONE, "src/a.py": ""})
    monkeypatch.chdir(root / "src")
    assert Project.at(".", CommandLineOptions()).names == ("ours",)


def test_the_command_line_wins_over_the_file_and_that_over_the_profile(tree: Tree) -> None:
    """Parameters: the pack's default, its profile, the file, the command line; each before the one named first."""
    tree({"polcheck.yaml": ONE})
    assert params() == {"most": 1, "words": ["a"]}
    assert params(profiles={"": "strict"}) == {"most": 5, "words": ["b"]}
    tree({"polcheck.yaml": ONE + "profiles: {ours: strict}\nparams: {ours: {most: 7}}\n"})
    assert params() == {"most": 7, "words": ["b"]}
    assert params(params={"": {"most": "9"}}) == {"most": 9, "words": ["b"]}
    assert params(params={"": {"most": "9"}, "ours": {"most": "10"}}) == {"most": 10, "words": ["b"]}


def test_an_entry_of_packs_can_say_it_all(tree: Tree) -> None:
    """A mapping under `packs` sets parameters and profile of its pack, and chooses among its policies."""
    tree({"polcheck.yaml": "packs: [{source: packs/ours, params: {most: 3}, profile: strict, ignore: C1}]\n"})
    assert params() == {"most": 3, "words": ["b"]}
    assert severities() == {"no-print": "warning"}


def test_severities_of_the_file_win_over_those_of_the_profile(tree: Tree) -> None:
    """Also when the profile names the policy and the file only its requirement."""
    tree({"polcheck.yaml": ONE + "profiles: {ours: strict}\nseverities: {C1: error}\n"})
    assert severities() == {"no-print": "warning", "no-eval": "error"}
    tree({"polcheck.yaml": ONE + 'severities: {C1: note, "ours:no-print": "off"}\n'})
    assert severities() == {"no-eval": "note"}


def test_select_takes_the_place_of_what_the_file_chooses(tree: Tree) -> None:
    """One policy can be tried whatever the file ignores; `--ignore` adds to the file's."""
    tree({"polcheck.yaml": ONE + "ignore: no-eval\n"})
    assert list(severities()) == ["no-print"]
    assert list(severities(select=("no-eval",))) == ["no-eval"]
    assert list(severities(ignore=("no-print",))) == []


def test_what_is_set_for_a_pack_that_is_not_there_is_an_error(tree: Tree) -> None:
    """A parameter that reaches no pack would be silently without effect."""
    tree({"polcheck.yaml": ONE + "params: {our: {most: 2}}\nprofiles: {theirs: x}\n"})
    assert problems() == [
        "polcheck.yaml:2:10 the pack `our` is not among the packs",
        "polcheck.yaml:3:12 the pack `theirs` is not among the packs",
    ]


def test_a_pack_of_the_command_line_leaves_the_rest_alone(tree: Tree) -> None:
    """With `--pack`, what the file says of packs that aren't in the run is neither used nor wrong."""
    text = """
        packs: [packs/theirs]
        params: {theirs: {x: 1}}
        severities: {"theirs:x": note, C7: note}
        waivers: [{policy: y, reason: z}]
    """
    tree({"polcheck.yaml": text})
    assert severities(packs=("packs/ours",)) == {"no-print": "error", "no-eval": "error"}


def test_what_names_a_pack_of_the_run_is_still_checked(tree: Tree) -> None:
    """`ours:x` speaks of a pack that is in the run and has no `x`."""
    tree({"polcheck.yaml": 'severities: {"ours:x": note}\n'})
    assert problems(packs=("packs/ours",)) == ["polcheck.yaml:1:14 no pack of the run has `ours:x`"]


def test_unknown_policies_and_requirements_are_named_at_once(tree: Tree) -> None:
    """Wherever the file names a policy, it must be one of the packs'."""
    text = """\
    packs: [{source: packs/ours, select: [no-prnt, no-eval]}]
    severities: {C9: note}
    ignore: [nope]
    overrides: [{files: a, ignore: [nay], severities: {nah: note}}]
    waivers: [{policy: C1, reason: a waiver names a policy}]
    """
    tree({"polcheck.yaml": text})
    assert problems() == [
        "polcheck.yaml:1:39 no pack of the run has `no-prnt`",
        "polcheck.yaml:2:14 no pack of the run has `C9`",
        "polcheck.yaml:3:10 no pack of the run has `nope`",
        "polcheck.yaml:4:33 no pack of the run has `nay`",
        "polcheck.yaml:4:52 no pack of the run has `nah`",
        "polcheck.yaml:5:20 no pack of the run has a policy `C1`",
    ]


def test_a_waiver_of_a_policy_that_is_switched_off_is_no_error(tree: Tree) -> None:
    """`--ignore` for one run doesn't make the file wrong."""
    tree({"polcheck.yaml": ONE + "waivers: [{policy: no-eval, reason: old}]\n"})
    assert list(severities(ignore=("no-eval",))) == ["no-print"]


def test_parameters_that_do_not_fit_point_at_the_file(tree: Tree) -> None:
    """Not at pack.yaml, which is right."""
    tree({"polcheck.yaml": ONE + "params: {ours: {most: x, mots: 1}}\nprofiles: {ours: lax}\n"})
    assert problems(PolicyError) == [
        "polcheck.yaml:2:23 the parameter `most` is of type integer, not a string",
        "polcheck.yaml:2:32 the pack `ours` has no parameter `mots`",
        "polcheck.yaml:3:18 the pack `ours` has no profile `lax`",
    ]


def test_a_pack_that_is_nowhere_points_at_the_file(tree: Tree) -> None:
    """Every entry of `packs` that leads nowhere is named."""
    tree({"polcheck.yaml": "packs: [packs/our, packs/ours, python-projekt]\n"})
    assert problems(PolicyError) == [
        "polcheck.yaml:1:9 there is no pack `packs/our`",
        "polcheck.yaml:1:32 there is no pack `python-projekt`",
    ]


def test_options_that_fit_no_pack_name_the_option(tree: Tree) -> None:
    """A misspelt `--select` would otherwise judge by nothing at all."""
    tree({"polcheck.yaml": ONE})
    assert problems(select=("no-evil",), params={"our": {"most": "1"}}) == [
        "--param:0:0 the pack `our` is not in the run",
        "--select:0:0 no pack of the run has `no-evil`",
    ]
    assert problems(PolicyError, profiles={"": "lax"}) == ["--profile:0:0 no pack has a profile `lax`"]


def test_excludes_begin_at_the_file(tree: Tree) -> None:
    """Judging a folder below leaves out what judging everything does; `--exclude` begins at the submission."""
    tree(
        {"polcheck.yaml": ONE + "exclude: [packs/**, src/gen/**]\n", "src/gen/a.py": "", "src/b.py": "", "src/c.py": ""}
    )
    assert Project.at(".", CommandLineOptions()).read().paths == ("polcheck.yaml", "src/b.py", "src/c.py")
    assert Project.at("src", CommandLineOptions()).read().paths == ("b.py", "c.py")
    assert Project.at("src", CommandLineOptions(exclude=("c.py",))).read().paths == ("b.py",)
