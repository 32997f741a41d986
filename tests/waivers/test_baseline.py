"""Baselines: which findings are told again, and what is said of the others."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pack_files import check
from polcheck.base.errors import ConfigError
from polcheck.base.spans import Source
from polcheck.findings.report import Report
from polcheck.project.baseline import Baseline, Entry, read
from polcheck.project.effective import CommandLineOptions
from polcheck.project.project import Project
from polcheck.sources.submission import of_files
from trees import Tree, write
from typed import polcheck

CODE = 'id: p\ntitle: t\nforbid: {files: "**/*.py", pattern: "print($what, ...)"}\nmessage: it prints\n'
DATA = """
id: p
title: t
forbid: {files: "*.{yaml,json,toml}", data: "leaves(@)[?matches(value, '^http:')].{value: value}"}
message: "`{{ value }}` is not encrypted"
"""
NAMED = 'id: p\ntitle: t\nforbid: {files: "{name}/*.py", pattern: "print(...)"}\nmessage: "{{ name }} prints"\n'
LISTED = 'id: p\ntitle: t\nforbid: {files: "*.py"}\nmessage: no file\n'
JOINED = """
id: p
title: t
for: {files: "*.py", pattern: 'cfg["$key"]'}
require: {files: "*.yaml", data: "keys(@)", as: key}
message: "`{{ key }}` is not set"
"""


def marks(policy: str, files: dict[str, str]) -> list[str]:
    return sorted(finding.fingerprint for finding in check(policy, files).findings)


@pytest.mark.parametrize(
    ("policy", "before", "after"),
    [
        (CODE, {"a.py": "print(1)\n"}, {"a.py": "import x\n\n\nif x:\n    print( 1 )\n"}),
        (CODE, {"a.py": "print(1)\n"}, {"lib/b.py": "print(1)\n"}),
        (CODE, {"a.py": "print(1)\nprint(2)\n"}, {"a.py": "print(2)\nprint(1)\n"}),
        (CODE, {"a.py": "print(a,\n  b)\n"}, {"a.py": "print(a,\n      c)\n"}),
        (NAMED, {"one/a.py": "print(1)\n"}, {"two/a.py": "print(1)\n"}),
        (DATA, {"a.yaml": "a: {b: [x, 'http://x']}\n"}, {"a.yaml": "# new\nz: 1\na:\n  b:\n    - http://x\n"}),
        (DATA, {"a.yaml": "a: {b: 'http://x'}\n"}, {"b.json": '{"a": {"b": "http://x"}}'}),
        (DATA, {"a.json": '{"a": {"b": "http://x"}}'}, {"c.toml": '[a]\nb = "http://x"\n'}),
        (DATA, {"a.toml": '[a]\nx = 1\n[a.b]\nc = "http://x"\n'}, {"a.toml": '[a.b]\nc = "http://x"\n[z]\n'}),
        (JOINED, {"a.py": 'cfg["x"]\n', "c.yaml": "y: 1\n"}, {"b.py": '\n\nf(cfg["x"])\n', "d.yaml": "z: 1\n"}),
    ],
)
def test_a_fingerprint_survives(policy: str, before: dict[str, str], after: dict[str, str]) -> None:
    """Moved lines, new layout, renamed files and folders, another order, a document in another format."""
    assert marks(policy, before) == marks(policy, after) != []


@pytest.mark.parametrize(
    ("policy", "before", "after"),
    [
        (CODE, {"a.py": "print(1)\n"}, {"a.py": "print(2)\n"}),
        (CODE, {"a.py": "print(1)\n"}, {"a.py": "print(1)\nprint(1)\n"}),
        (DATA, {"a.yaml": "a: {b: 'http://x'}\n"}, {"a.yaml": "a: {c: 'http://x'}\n"}),
        (DATA, {"a.toml": '[a]\n[a.b]\nc = "http://x"\n'}, {"a.toml": '[a]\n[a.d]\nc = "http://x"\n'}),
        (DATA, {"a.yaml": "a: 'http://x'\n"}, {"a.yaml": "a: 'http://y'\n"}),
        (LISTED, {"a.py": ""}, {"b.py": ""}),
        (JOINED, {"a.py": 'cfg["x"]\n', "c.yaml": "y: 1\n"}, {"a.py": 'cfg["z"]\n', "c.yaml": "y: 1\n"}),
    ],
)
def test_a_fingerprint_tells_apart(policy: str, before: dict[str, str], after: dict[str, str]) -> None:
    """Another text, key or value, one more of the same, another file where the file itself is meant."""
    assert marks(policy, before) != marks(policy, after)


def test_fingerprints_are_unique_in_a_report() -> None:
    """The second and third of three equal findings carry their number."""
    found = [finding.fingerprint for finding in check(CODE, {"a.py": "print(1)\n" * 3}).findings]
    assert found == [found[0], f"{found[0]}:2", f"{found[0]}:3"]


def recorded(policy: str, before: dict[str, str], after: dict[str, str]) -> list[int]:
    """The lines of the findings after that a baseline of the findings before knows."""
    baseline = Baseline.of(check(policy, before), of_files(before))
    findings = check(policy, after).findings
    known = baseline.known(findings, of_files(after))
    return [finding.location.line or 0 for index, finding in enumerate(findings) if index in known and finding.location]


def test_of_equal_findings_those_in_their_old_file_are_known() -> None:
    """A new file with the same line is what is new, though it sorts before the old one."""
    before = {"b.py": "\n\nprint(1)\n"}
    assert recorded(CODE, before, {"a.py": "print(1)\n", **before}) == [3]


def test_a_renamed_file_is_known_by_its_content() -> None:
    """Where the file as a whole is meant, a new path with the content of one that is gone is the same file."""
    assert recorded(LISTED, {"a.py": "x = 1\n"}, {"b.py": "x = 1\n"}) == [0]
    assert recorded(LISTED, {"a.py": "x = 1\n"}, {"b.py": "x = 2\n"}) == []
    assert recorded(LISTED, {"a.py": "x = 1\n"}, {"a.py": "x = 1\n", "b.py": "x = 1\n"}) == [0]


LINES = st.lists(st.sampled_from(["print(1)", "print(2)", "pass"]), max_size=8)


@given(LINES, LINES)
def test_as_many_are_known_as_were_recorded(before: list[str], after: list[str]) -> None:
    """Of each kind of finding, the smaller of the numbers before and after is known, and no more."""
    old, new = {"a.py": "\n".join(before) + "\n"}, {"b.py": "\n".join(after) + "\n"}
    known = recorded(CODE, old, new)
    assert len(known) == sum(min(before.count(text), after.count(text)) for text in ("print(1)", "print(2)"))


TEXTS = st.text(max_size=12)


@given(
    st.lists(st.builds(Entry, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS), max_size=5), st.lists(st.tuples(TEXTS, TEXTS, TEXTS))
)
def test_what_is_written_is_read_again(entries: list[Entry], packs: list[tuple[str, str, str]]) -> None:
    """Whatever messages and paths hold."""
    baseline = Baseline(tuple(entries), tuple(packs))
    assert read(Source("b.json", baseline.text().encode("utf-8", "surrogatepass")))[0] == baseline


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "b.json:1:2: not JSON: "),
        ("[]", "b.json: not a baseline: this polcheck reads versions 1 and 2"),
        ('{"version": 3}', "b.json:1:13: a baseline of version 3: this polcheck reads versions 1 and 2"),
        ('{"version": 1, "packs": [], "findings": [{}]}', "b.json: the baseline is broken"),
        ('{"version": 1, "packs": [{"name": 1, "version": "", "digest": ""}], "findings": []}', "b.json: the base"),
    ],
)  # fmt: skip
def test_what_is_no_baseline_is_refused(text: str, said: str) -> None:
    """With its place where it has one."""
    with pytest.raises(ConfigError) as caught:
        read(Source("b.json", text.encode()))
    assert str(caught.value).startswith(said)


def judged(**given: object) -> Report:
    project = Project.at(".", CommandLineOptions(today=date(2026, 6, 1), **given))  # type: ignore[arg-type]
    return project.checker.check(project.read(), "error", accept=project.acceptance())


def test_later_runs_fail_on_new_findings_only(tree: Tree) -> None:
    """What was recorded is waived as `baseline`, and what waivers accept isn't recorded."""
    tree({"a.py": "print(1)\nprint(2)  # polcheck: ignore[no-print] ok\n"})
    assert polcheck("baseline").status == 0
    assert len(json.loads(Path("polcheck-baseline.json").read_text())["findings"]) == 1
    assert [finding.waived.kind for finding in judged().findings if finding.waived] == ["baseline", "inline"]
    write(Path(), {"b.py": "print(3)\n"})
    assert [str(finding.location) for finding in judged().failing] == ["b.py:1:1"]


def test_what_is_paid_off_is_said(tree: Tree) -> None:
    """So that somebody records it again; of policies that aren't in the run, nothing is known."""
    root = tree({"a.py": "print(1)\neval('1')\n"})
    assert polcheck("baseline").status == 0
    (root / "a.py").write_text("x = 1\n")
    (notice,) = judged().notices
    assert notice.message.startswith("2 findings are fixed") and notice.policies == ("ours:no-eval", "ours:no-print")
    assert [notice.policies for notice in judged(ignore=("no-eval",)).notices] == [("ours:no-print",)]


def test_a_baseline_of_another_version_is_refused(tree: Tree) -> None:
    """It names both versions and the line; a pack that changed within its version is a notice."""
    root = tree({"a.py": "print(1)\n"})
    assert polcheck("baseline").status == 0
    head = root / "packs" / "ours" / "pack.yaml"
    head.write_text(head.read_text() + "description: changed\n")
    (notice,) = judged().notices
    assert notice.message == "ours 1.0.0 has changed since polcheck-baseline.json was recorded"
    head.write_text(head.read_text().replace("1.0.0", "2.0.0"))
    ran = polcheck("run")
    assert ran.status == 2
    assert "polcheck-baseline.json:4:33: the baseline is of ours 1.0.0, and the run uses ours 2.0.0" in ran.err
    assert polcheck("baseline").status == 0 and polcheck("run").status == 0


def test_a_baseline_that_is_not_there_is_an_error(tree: Tree) -> None:
    """It is not an empty one: a misspelt path would fail the run for another reason."""
    tree({"polcheck.yaml": "packs: [packs/ours]\nbaseline: b.json\n", "a.py": "x = 1\n"})
    ran = polcheck("run")
    assert ran.status == 2 and ran.err.startswith("`b.json` can't be read: no such file or directory\nhelp: ")


def test_the_ratchet_only_goes_down(tree: Tree) -> None:
    """With a new finding it names it and records nothing; with one less it records."""
    root = tree({"a.py": "print(1)\nprint(2)\n"})
    assert polcheck("baseline").status == 0
    before = (root / "polcheck-baseline.json").read_text()
    (root / "a.py").write_text("print(1)\nprint(3)\n")
    ran = polcheck("baseline", "--ratchet")
    assert ran.status == 1 and "a.py:2:1: error[ours:no-print] it prints" in ran.err
    assert (root / "polcheck-baseline.json").read_text() == before
    (root / "a.py").write_text("print(1)\n")
    assert polcheck("baseline", "--ratchet").status == 0
    assert len(json.loads((root / "polcheck-baseline.json").read_text())["findings"]) == 1


def test_a_baseline_is_not_judged_itself(tree: Tree) -> None:
    """It quotes the findings, which a policy over texts would find again."""
    policy = """\
    id: no-todo
    requirement: C1
    title: Nothing is left to do
    forbid: {files: "**/*.{txt,json}", text: "TODO: (?P<what>.*)"}
    message: "TODO: {{ what }}"
    """
    tree({"packs/ours/policies/p.yaml": policy, "a.txt": "TODO: this\n"})
    assert polcheck("baseline", "-o", "b.json").status == 0 and "TODO: this" in Path("b.json").read_text()
    assert polcheck("run", "--baseline", "b.json").status == 0
    assert "recorded 1 finding" in polcheck("baseline", "-o", "b.json").err


def git(*arguments: str) -> None:
    options = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *options, *arguments], check=True, capture_output=True)


KEYS = """
id: keys
requirement: C1
title: t
for: {files: "*.py", pattern: 'cfg["$key"]'}
require: {files: "*.yaml", data: "keys(@)", as: key}
message: "`{{ key }}` is not set"
"""


def test_since_a_revision_only_what_is_new_is_reported(tree: Tree) -> None:
    """Also a finding in code that nobody touched, when an edit of the configuration brought it about."""
    files = {"packs/ours/policies/p.yaml": KEYS, "a.py": 'cfg["x"], cfg["y"]\n', "cfg.yaml": "x: 1\n", "sub/b.py": ""}
    root = tree(files)
    git("init", "-q", ".")
    git("add", "-A")
    git("commit", "-qm", "one")
    assert polcheck("run", "-q").status == 1
    assert polcheck("run", "--since", "HEAD").status == 0
    (root / "a.py").write_text('import x\ncfg["y"], cfg["x"]\n')
    assert polcheck("run", "--since", "HEAD").status == 0
    (root / "cfg.yaml").write_text("z: 1\n")
    ran = polcheck("run", "-q", "--since", "HEAD")
    assert (ran.status, ran.out) == (1, "a.py:2:11: error[ours:keys] `x` is not set\n")
    ran = polcheck("run", "--since", "nowhere")
    assert ran.status == 2 and "there is no git revision `nowhere`" in ran.err
