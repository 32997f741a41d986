"""Packs about one folder of a project: what they find is what they find where that folder is the project."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from gits import git
from polcheck.authoring.testing.cases import Case, read_cases
from polcheck.base.errors import ConfigError, PolicyError
from polcheck.findings.finding import Finding
from polcheck.findings.report import Report
from polcheck.packs.shipped import schemas, shipped_packs
from polcheck.pipeline import Checker, folder_of
from polcheck.policy.pack import compile_packs
from polcheck.policy.pack_files import PackFiles, unrooted
from polcheck.policy.params import Settings
from polcheck.project.effective import CommandLineOptions
from polcheck.project.packs import read_pack
from polcheck.project.project import Project
from polcheck.sources.submission import Base, Submission
from trees import Tree

ROOT = "services/api"
NOISE = {"pyproject.toml": b"", "src/noise.py": b"import nothing\n", "services/other/main.py": b"eval(1)\n"}
EACH = 7  # the cases are many, and what is compared is the same for each
PACK = {
    "packs/ours/pack.yaml": "name: ours\nversion: 1.0.0\nparams: {word: {type: string, default: TODO}}\n",
    "packs/ours/policies/p.yaml": (
        "id: no-print\ntitle: t\nforbid: {files: 'src/*.py', pattern: print(...)}\nmessage: '{{ path }} prints'\n"
        "---\nid: readme\ntitle: t\nrequire: {files: README.md}\nmessage: no README\n"
        "---\nid: named\ntitle: t\nfor: {files: 'src/{module}.py', as: source}\n"
        "require: {files: 'tests/test_{module}.py'}\nmessage: '{{ source }} has no test'\n"
        "---\nid: no-word\ntitle: t\nfor: {values: params.word, as: word}\n"
        "forbid: {files: '**/*.txt', text: '(?P<word>TODO|FIXME)'}\nmessage: '{{ word }} in {{ path }}'\n"
    ),
}
TWO = "packs:\n  - {pack: packs/ours, root: api}\n  - {pack: packs/ours, root: ./web/, params: {word: FIXME}}\n"
FILES = {
    "api/src/a.py": "print(1)\n",
    "api/README.md": "",
    "web/src/b.py": "x = 1\n",
    "web/note.txt": "TODO FIXME\n",
    "api/note.txt": "TODO FIXME\n",
    "src/c.py": "print(2)\n",
}


def _cases(pack: PackFiles) -> Iterator[Case]:
    yield from read_cases(pack, schemas().tests)[::EACH]


def _moved(submission: Submission) -> Submission:
    """The submission as a folder of a larger one."""
    files = {**NOISE, **{f"{ROOT}/{path}": data for path, data in submission.files.items()}}
    base = submission.base and Base(_moved(submission.base.files), submission.base.name)
    return replace(submission, files=files, marked=None, base=base)


def _place(finding: Finding, root: str) -> tuple[object, ...]:
    """What a finding says of places, below a root."""
    found = finding.seen_from(root)
    return (
        found.policy,
        found.location and str(found.location),
        sorted(map(str, found.related)),
        sorted(found.looked_in),
        found.nearest and str(found.nearest.location),
        found.bindings,
    )


def _seen(report: Report, root: str = "") -> tuple[object, ...]:
    outcomes = {p.id: (p.outcome, p.subjects, p.documents) for p in report.policies}
    places = sorted((_place(finding, root) for finding in report.findings), key=str)
    return outcomes, places


@pytest.mark.parametrize("name", shipped_packs())
def test_a_pack_at_a_folder_finds_what_it_finds_in_that_folder_alone(name: str) -> None:
    """The law of `root`: whatever lies around the folder makes no difference, and paths begin at the project."""
    pack = read_pack(name)
    checkers: dict[str, tuple[Checker, Checker]] = {}
    for case in _cases(pack):
        if case.setting not in checkers:
            settings = case.settings(name)
            pair = (compile_packs([each], settings, schemas()) for each in (pack, pack.rooted(ROOT)))
            alone, rooted = (Checker(plan, jobs=1) for plan in pair)
            checkers[case.setting] = (alone, rooted)
        alone, rooted = checkers[case.setting]
        expected = _seen(alone.check(case.submission), ROOT)
        assert _seen(rooted.check(_moved(case.submission))) == expected, case.where


@pytest.fixture
def project(tree: Tree) -> Path:
    """A project of which two folders have a pack each."""
    return tree({**PACK, "polcheck.yaml": TWO, **FILES})


def _report(target: str = ".", **options: object) -> Report:
    project = Project.at(target, CommandLineOptions(**options))  # type: ignore[arg-type]
    return project.checker.check(project.read(), accept=project.acceptance())


def _said(report: Report) -> list[str]:
    return [f"{f.location or '-'} {f.ref}: {f.message}" for f in report.findings]


def test_paths_and_messages_are_those_of_the_project(project: Path) -> None:
    """Findings of two folders are told apart, and what is printed can be opened from where the user stands."""
    assert _said(_report()) == [
        "api/src/a.py:1:1 ours@api:no-print: api/src/a.py prints",
        "api/src/a.py ours@api:named: api/src/a.py has no test",
        "api/note.txt:1:1 ours@api:no-word: TODO in api/note.txt",
        "- ours@web:readme: no README",
        "web/src/b.py ours@web:named: web/src/b.py has no test",
        "web/note.txt:1:6 ours@web:no-word: FIXME in web/note.txt",
    ]


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (("ours",), 8),
        (("ours@api",), 4),
        (("ours@web:readme",), 1),
        (("ours:readme",), 2),
        (("readme",), 2),
        (("ours@*",), 8),
    ],
)
def test_policies_are_selected_with_the_folder_and_without(project: Path, names: tuple[str, ...], left: int) -> None:
    """A pack's name means it in every folder."""
    assert len(_report(select=names).policies) == left


def test_settings_for_one_folder_win_over_those_for_the_pack(project: Path) -> None:
    """Of parameters, severities and profiles."""
    text = (
        TWO
        + "params: {ours: {word: XXX}, ours@api: {word: YYY}}\nseverities: {'ours@web:readme': note, named: 'off'}\n"
    )
    (project / "polcheck.yaml").write_text(text)
    report = _report()
    assert {pack.name: dict(pack.params) for pack in report.packs} == {
        "ours@api": {"word": "YYY"},
        "ours@web": {"word": "FIXME"},
    }
    assert {f.ref: f.severity for f in report.findings} == {"ours@api:no-print": "error", "ours@web:readme": "note"} | {
        "ours@web:no-word": "error"
    }


def test_waivers_name_a_policy_in_one_folder_or_in_all(project: Path) -> None:
    """In the configuration and in comments; a waiver that accepts something is not reported as unused."""
    (project / "api/src/a.py").write_text("print(1)  # polcheck: ignore[ours:no-print] why\n")
    waivers = "waivers:\n  - {policy: 'ours@web:readme', reason: r}\n  - {policy: named, files: 'web/**', reason: r}\n"
    (project / "polcheck.yaml").write_text(TWO + waivers)
    report = _report()
    assert sorted(f.ref for f in report.findings if f.waived) == [
        "ours@api:no-print",
        "ours@web:named",
        "ours@web:readme",
    ]
    assert not report.notices


@pytest.mark.parametrize(
    ("target", "findings", "notices"),
    [
        ("api", ["note.txt:1:1", "src/a.py", "src/a.py:1:1"], ["`ours@web` is not checked: `web` is not in `api`"]),
        ("web/src", ["None"], ["`ours@api` is not checked: `api` is not in `web/src`"]),
        ("src", [], [f"`ours@{each}` is not checked: `{each}` is not in `src`" for each in ("api", "web")]),
    ],
)
def test_a_folder_that_is_checked_alone_has_the_packs_about_it(
    project: Path, target: str, findings: list[str], notices: list[str]
) -> None:
    """A pack about another folder is not applicable, and a notice says so."""
    report = _report(target)
    assert sorted(str(f.location) for f in report.findings) == findings
    assert [notice.message for notice in report.notices] == notices


@pytest.mark.parametrize(
    ("root", "prefix", "folder"),
    [
        ("", "", ""),
        ("api", "", "api"),
        ("api", "api/", ""),
        ("api", "api/src/", ""),
        ("a/b", "a/", "b"),
        ("api", "ap/", None),
        ("ap", "api/", None),
        ("", "api/", ""),
    ],
)
def test_a_root_as_seen_from_what_is_checked(root: str, prefix: str, folder: str | None) -> None:
    """Names that begin alike are other folders."""
    assert folder_of(root, prefix) == folder


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{pack: packs/ours, root: apii}", "there is no folder `apii` in the project"),
        ("{pack: packs/ours, root: api/note.txt}", "`api/note.txt` is a file, not a folder"),
        ("{pack: packs/ours, root: api/note.txt/src}", "there is no folder `api/note.txt/src` in the project"),
        ("{pack: packs/ours, root: empty}", "the folder `empty` holds no file that is checked"),
        ("{pack: packs/ours, root: ../x}", "the folder `../x` is not below this file"),
        ("{pack: packs/ours, root: /x}", "the folder `/x` is not below this file"),
        ("{pack: packs/ours, source: packs/ours}", "the entry has both `pack` and `source`, which are the same"),
        ("{root: api}", "the entry has no `pack`"),
    ],
)
def test_a_root_that_is_not_there_is_an_error_at_its_line(project: Path, entry: str, message: str) -> None:
    """Nothing passes for want of a folder."""
    (project / "empty").mkdir()
    (project / "polcheck.yaml").write_text(f"packs:\n  - {entry}\n")
    with pytest.raises(ConfigError) as caught:
        _report()
    (problem,) = caught.value.problems
    assert (problem.message, problem.path, problem.line) == (message, "polcheck.yaml", 2)


@pytest.mark.parametrize("second", ["packs/ours", "./packs/ours", "{pack: packs/ours, select: [x]}"])
def test_a_pack_that_is_named_twice_is_an_error_at_its_second_line(project: Path, second: str) -> None:
    """The settings of one of the entries would be mixed with the other's."""
    (project / "polcheck.yaml").write_text(f"packs:\n  - packs/ours\n  - {second}\n")
    with pytest.raises(PolicyError) as caught:
        _report()
    (problem,) = caught.value.problems
    assert (problem.message, problem.path, problem.line) == ("the pack `ours` is named twice", "polcheck.yaml", 3)


def test_a_pack_may_be_about_several_folders_and_all_of_the_project(project: Path) -> None:
    """Each is another pack of the run; only the same folder twice is an error."""
    both = "[packs/ours, {pack: packs/ours, root: api}, {pack: packs/ours, root: web}"
    (project / "polcheck.yaml").write_text(f"packs: {both}]\n")
    assert {policy.pack for policy in _report().policies} == {"ours", "ours@api", "ours@web"}
    (project / "polcheck.yaml").write_text(f"packs: {both}, {{pack: packs/ours, root: web/}}]\n")
    with pytest.raises(PolicyError, match="the pack `ours` is named twice about `web`"):
        _report()


def test_a_plan_about_a_folder_that_is_missing_is_undecided() -> None:
    """Where no configuration names the folder, as in a batch, there is no verdict either."""
    plan = compile_packs([read_pack("python-project").rooted("gone")], Settings(), schemas())
    report = Checker(plan, jobs=1).check(Submission("s", "files", {"a.py": b"x"}))
    assert report.verdict == "none" and {p.outcome for p in report.policies} == {"undecided"}


def _commit(project: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")


def test_a_baseline_and_a_revision_know_findings_below_a_root(project: Path) -> None:
    """What was there is accepted in each folder by itself; what is new in one is new though the other has it."""
    _commit(project)
    then = _report()
    (project / "web/src/d.py").write_text("print(3)\n")
    used = Project.at(".", CommandLineOptions())
    report = used.checker.check(used.read(), accept=used.since("HEAD").accept)
    assert len(then.findings) == 6
    assert [f.ref for f in report.failing] == ["ours@web:no-print", "ours@web:named"]


def test_changes_are_seen_from_the_root(tree: Tree) -> None:
    """A policy about changes compares the folder with the same folder of the base."""
    changed = (
        "id: c\ntitle: t\nforbid: {files: 'migrations/*.sql', changed: [modified, deleted]}\nmessage: '{{ path }}'\n"
        "---\nid: v\ntitle: t\nfor: {files: 'v.json', data: v, as: new}\n"
        "require: [{revision: base, files: v.json, data: v, as: old}, {where: 'new > old'}]\nmessage: '{{ path }}'\n"
    )
    root = tree(
        {
            "p/pack.yaml": "name: p\nversion: 1.0.0\n",
            "p/policies/p.yaml": changed,
            "polcheck.yaml": "packs: [{pack: p, root: db}]\n",
            "migrations/1.sql": "a",
            "db/migrations/1.sql": "a",
            "db/migrations/2.sql": "a",
            "db/v.json": '{"v": 1}',
        }
    )
    _commit(root)
    (root / "migrations/1.sql").write_text("b")
    (root / "db/migrations/2.sql").write_text("b")
    used = Project.at(".", CommandLineOptions())
    compared = used.since("HEAD")
    report = used.checker.check(replace(used.read(), base=compared.base), accept=compared.accept)
    assert sorted(f.message for f in report.failing) == ["db/migrations/2.sql", "db/v.json"]


def test_the_commands_know_the_names(project: Path) -> None:
    """`list`, `rule`, `explain` and the JSON report call policies alike."""

    def out(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "polcheck", *arguments], capture_output=True, text=True, check=False
        ).stdout

    assert "ours@web:named" in out("list")
    assert out("rule", "named").count("title") == out("rule", "ours@api:named").count("title")
    explained = out("explain", "ours@web:named")
    assert "paths as seen from web" in explained and "web/src/b.py has no test" in explained
    packs = json.loads(out("run", "-f", "json"))["packs"]
    assert [(pack["name"], pack["root"]) for pack in packs] == [("ours@api", "api"), ("ours@web", "web")]


@pytest.mark.parametrize(
    ("name", "plain"),
    [("a", "a"), ("a:b", "a:b"), ("a@x/y", "a"), ("a@x/y:b", "a:b"), ("a@x@y:b", "a:b")],
)
def test_names_without_their_folder(name: str, plain: str) -> None:
    """Of packs and of policies."""
    assert unrooted(name) == plain
