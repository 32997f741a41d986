"""After any edit, the session's report is that of a fresh run on the same bytes, byte for byte."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from mirrored import Mirrored, working_in

PACK = """\
name: edits
version: 1.0.0
params: {most: {type: integer, default: 3}}
requirements: {R1: Configuration and code agree}
"""
POLICIES = """\
id: no-print
title: Nothing is printed
forbid: {files: "**/*.py", pattern: print(...)}
message: it prints
---
id: variables-are-set
title: Variables that are read are set
requirement: R1
for:
  - {files: "**/*.py", pattern: 'os.environ[$name]'}
require:
  - {files: "conf/*.yaml", data: "keys(env || `{}`)", as: name}
message: "{{ name }} is not set"
---
id: no-long-files
title: Files are short
for: {files: "**/*.py"}
require: {where: "file.lines < `40`"}
message: "{{ path }} has {{ file.lines }} lines"
---
id: a-readme
title: There is a README
require: {files: README.md}
message: no README
---
id: pins
title: Requirements are pinned
forbid:
  - {files: pyproject.toml, data: "project.dependencies[*].{value: @}"}
  - where: "!contains(value, '==')"
message: "{{ value }} is not pinned"
---
id: no-secrets
title: There are no keys
severity: warning
forbid: {files: ["**/*", "!packs/**"], text: '(?P<key>AKIA[0-9A-Z]{4,})'}
message: "{{ key }} is a key"
---
id: handlers-log
title: Handlers log
for: {files: "src/**/*.py", code: '(except_clause) @here', name: handler}
require: {has: {pattern: log(...)}}
message: this handler does not log
---
id: constants
title: Timeouts are constants below ten
forbid:
  - {files: "**/*.py", pattern: wait($seconds), constant: [seconds]}
  - where: "to_number(to_string(seconds)) > `10`"
message: "{{ seconds }} is long"
---
id: at-most
title: Few functions
severity: note
require: {files: "**/*.py", pattern: "def $f(...): ...", count: {max: 2}}
message: too many functions
"""
CONFIG = """\
packs: [./packs/edits]
exclude: ['packs/**', 'vendor/**']
limits: {file_bytes: 6000, files: 60}
waivers:
  - {policy: no-print, files: 'src/w*.py', reason: a tool prints}
  - {policy: pins, reason: later, expires: 2026-01-01}
"""
CONFIGS = (
    CONFIG,
    CONFIG + "severities: {no-print: note}\n",
    CONFIG + "ignore: [pins]\n",
    CONFIG.replace("most", "least").replace("vendor/**", "src/sub/**"),
    CONFIG + "params: {edits: {most: 7}}\n",
    CONFIG + "gitignore: false\n",
    CONFIG.replace("file_bytes: 6000", "file_bytes: 300, total_bytes: 5000"),
    CONFIG + "overrides: [{files: 'src/m*.py', severities: {no-print: warning}}]\n",
    CONFIG + "nothing: here\n",
    "packs: [",
)
LINES = (
    "print({n})",
    "import os",
    "KEY_{n} = os.environ['V{n}']",
    "wait({n}0)",
    "wait(LIMIT)",
    "LIMIT = {n}",
    "from src.m1 import LIMIT",
    "def f{n}(x): return x",
    "try:\n    f({n})\nexcept E:\n    log(1)",
    "try:\n    g({n})\nexcept E:\n    pass",
    "x = 'AKIA{n}23456'",
    "print(1)  # polcheck: ignore no-print -- it is a tool",
    "# polcheck: ignore pins -- not here",
    "def broken(:",
    "",
    "é = 'ü{n}'",
    "\tx = {n}",
)
YAMLS = (
    "env: {{V1: a, V{n}: b}}\n",
    "env:\n  V{n}: AKIA{n}23456\n  V2: 1\n",
    "env: [{n}]\n",
    "env: {{V1: [}}\n",
    "a: 1\na: 2\nenv: {{V3: x}}\n",
    "---\nenv: {{V4: 1}}\n---\nenv: {{V5: 1}}\n",
)
TOMLS = (
    '[project]\ndependencies = ["a=={n}", "b"]\n',
    '[project]\ndependencies = ["a=={n}"]\n',
    "[project\n",
    "[tool.other]\nx = {n}\n",
    "[tool.polcheck]\npacks = []\n",
)
IGNORES = ("", "*.log\n", "src/m2.py\n", "sub/\n!keep.py\n", "*.py\n!m1.py\n", "\xff[\n")
REPAIRS = {"polcheck.yaml": CONFIG, "packs/edits/pack.yaml": PACK, "packs/edits/policies/p.yaml": POLICIES}
NAMES = (
    "src/m0.py", "src/m1.py", "src/m2.py", "src/w0.py", "src/sub/n0.py", "src/sub/keep.py", "top.py", "vendor/v.py",
    "tool", "conf/a.yaml", "conf/b.yaml", "pyproject.toml", "README.md", "polcheck.yaml", ".gitignore",
    "src/.gitignore", "notes.txt", "src/\u00e9.py", "packs/edits/policies/p.yaml",
    "packs/edits/policies/more.yaml", "a/b/c/deep.py",
)  # fmt: skip


class Editor:
    """Edits the files of a project at random: in an overlay, or on disk."""

    def __init__(self, project: Mirrored, seed: int) -> None:
        self.project = project
        self.chance = random.Random(seed)
        self.broken = False  # whether the last report was an error, which is undone more often than not
        self.undo: list[tuple[str, bytes | None]] = []

    def content(self, name: str) -> bytes:
        """Return new bytes for a file."""
        chance, number = self.chance, self.chance.randrange(1, 8)
        if chance.random() < 0.06:
            return chance.choice((b"\xff\xfe\x00\x01", b"\x00" * 20, b"# " + b"x" * 7000, b"print('\xe9')\n", b""))
        if name.endswith("policies/p.yaml"):
            parts = POLICIES.split("---\n")
            return "---\n".join(part for part in parts if chance.random() < 0.9).encode() or POLICIES.encode()
        if name.endswith("more.yaml"):
            return b"id: more\ntitle: t\nforbid: {files: '**/*.txt', text: x}\nmessage: m\n"
        if name == "polcheck.yaml":
            return chance.choice(CONFIGS if chance.random() < 0.3 else (CONFIG,)).encode()
        kinds = {".yaml": YAMLS, ".toml": TOMLS}
        if name.endswith(".gitignore"):
            return chance.choice(IGNORES).encode("latin-1")
        for end, choices in kinds.items():
            if name.endswith(end):
                return chance.choice(choices).format(n=number).encode()
        start = "#!/usr/bin/env python3\n" if name == "tool" and chance.random() < 0.5 else ""
        lines = (chance.choice(LINES).format(n=chance.randrange(1, 8)) for _ in range(chance.randrange(12)))
        return (start + "\n".join(lines) + "\n").encode()

    def changed(self, name: str, old: bytes) -> bytes:
        """Return the bytes of a file after a small edit: a line more, a line less, a few characters."""
        lines = old.split(b"\n")
        at = self.chance.randrange(len(lines))
        kind = self.chance.random()
        if kind < 0.4:
            lines.insert(at, self.chance.choice(LINES).format(n=self.chance.randrange(1, 8)).encode())
        elif kind < 0.7:
            del lines[at]
        else:
            where = self.chance.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:where] + self.chance.choice((b"x", b" ", b"(", b"\r", b"'")) + lines[at][where:]
        return b"\n".join(lines)

    def now(self, name: str) -> bytes | None:
        """Return the bytes of a file as the project has it now; None for none."""
        path = self.project.mirror / name
        return path.read_bytes() if path.is_file() else None

    def step(self) -> str:
        """Make one edit; what it was."""
        chance, session = self.chance, self.project
        name = chance.choice(NAMES if chance.random() < 0.5 else NAMES[:11])
        old, kind = self.now(name), chance.random()
        if kind < (0.7 if self.broken else 0.12) and self.undo:
            name, before = self.undo.pop()
            edits = {name: before}
            what = f"undo {name}"
        elif self.broken and not self.undo:
            name, edits = "polcheck.yaml", {path: text.encode() for path, text in REPAIRS.items()}
            what = "repair"
        elif kind < 0.2 and old is not None and name != "polcheck.yaml" and not name.startswith("packs/"):
            other = chance.choice([one for one in NAMES if one != name and not one.startswith("packs/")])
            edits = {name: None, other: old}
            what = f"rename {name} {other}"
        elif kind < 0.3 and name not in ("polcheck.yaml", "packs/edits/policies/p.yaml"):
            edits = {name: None}
            what = f"delete {name}"
        elif kind < 0.65 and old is not None:
            edits = {name: self.changed(name, old)}
            what = f"change {name}"
        else:
            edits = {name: self.content(name)}
            what = f"write {name}"
        # INVARIANT: an undo of an undo isn't kept while there is an error: two causes of one would take turns for ever
        if not (self.broken and what.startswith(("undo", "repair"))):
            self.undo += [(path, self.now(path)) for path in edits]
            del self.undo[:-20]
        if chance.random() < 0.25:
            session.save(edits)
            session.session.revert(edits)
            return f"{what} on disk"
        session.overlay(edits)
        if chance.random() < 0.1:
            session.revert(name)
            return f"{what}, reverted"
        return what


def made(folder: Path) -> Mirrored:
    """A project in a git work tree, with a pack of its own."""
    files = {
        "packs/edits/pack.yaml": PACK, "packs/edits/policies/p.yaml": POLICIES, "polcheck.yaml": CONFIG,
        "src/m0.py": "import os\nprint(os.environ['V1'])\n", "src/m1.py": "LIMIT = 30\nwait(LIMIT)\n",
        "conf/a.yaml": "env: {V1: x}\n", "README.md": "hello\n", "src/w0.py": "print(1)\n",
    }  # fmt: skip
    project = Mirrored(folder, files)
    for root in (project.own, project.mirror):
        subprocess.run(["git", "init", "-q", root], check=True)
    project.session.refresh()
    return project


def hold(folder: Path, seed: int, steps: int) -> None:
    """Make edits, and compare the session with a fresh run after each."""
    project = made(folder)
    editor, trail = Editor(project, seed), []
    reports = 0
    with working_in(project.own):
        for number in range(steps):
            trail.append(editor.step())
            ours, fresh = project.both()
            if ours != fresh:
                pytest.fail(f"seed {seed}, step {number}: {trail[-6:]}\n{_first_difference(ours, fresh)}")
            editor.broken = not fresh.startswith("{")
            reports += not editor.broken
    project.session.close()
    assert reports > steps / 2, "most edits must give a report"


def _first_difference(ours: str, fresh: str) -> str:
    pairs = zip(ours.splitlines(), fresh.splitlines(), strict=False)
    return next((f"ours:  {one}\nfresh: {other}" for one, other in pairs if one != other), "one is longer")


@pytest.mark.parametrize("seed", range(3))
def test_the_report_is_that_of_a_fresh_run_after_each_of_some_edits(tmp_path: Path, seed: int) -> None:
    hold(tmp_path, seed, 25)


@pytest.mark.corpus
@pytest.mark.parametrize("seed", range(100, 110))
def test_the_report_is_that_of_a_fresh_run_after_each_of_a_thousand_edits(tmp_path: Path, seed: int) -> None:
    hold(tmp_path, seed, 100)
