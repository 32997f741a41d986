"""Packs: refused with every problem at its place, or ready to judge, and then a submission is judged."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from harnesses.parts import encoded, text_of
from polcheck.authoring.lint import lint
from polcheck.base.errors import PolcheckError, PolicyError, Problem
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.pack_files import PackFiles, Schemas
from polcheck.policy.params import Settings
from polcheck.render import Options, output_format
from polcheck.sources.submission import Submission, of_files

_SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
_FILE = re.compile(r"(?m)^%% (.+)\n")
_HEAD = b"name: t\nversion: 1.0.0\n"
_SUBMISSION = {
    "src/main.py": "import torch\nfrom . import train\ncfg = {}\nx = cfg['run_id']\ntorch.load('x', map_location=x)\n",
    "src/train.py": "def run(cfg):\n    try:\n        go(cfg)\n    except ValueError:\n        pass\n# TODO\n",
    "config/run.yaml": "run_id: a\nlr: 0.1\njobs:\n  a:\n    steps: [{run: make --all}]\n---\nrun_id: TODO\n",
    "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['torch>=2', 'numpy']\n",
    "data.json": '[{"name": "run_id", "size": 3}, {"name": "b", "size": null}]',
    "notes.txt": "--flag one\n\n[a](b)\n",
}


def policy(data: bytes) -> str:
    """What a pack of these policies says of a submission, or why it is refused."""
    return _loaded({"pack.yaml": _HEAD, "policies/p.yaml": data})


def pack(data: bytes) -> str:
    """The same for a whole pack: files, each after a line with `%%` and its path; the first is pack.yaml."""
    head, *rest = _FILE.split(text_of(data))
    files = {"pack.yaml": encoded(head)}
    files |= {path: encoded(text) for path, text in zip(rest[::2], rest[1::2], strict=True)}
    return _loaded(files)


def _loaded(files: dict[str, bytes]) -> str:
    packs = [PackFiles("t", files)]
    linted = lint(packs, _schemas())
    for problem in linted.problems:
        _placed(problem, files)
    try:
        plan = compile_packs(packs, Settings(), _schemas())
    except PolicyError as error:
        assert linted.of("error")
        return str(error)
    return f"{linted.problems}\n{_judged(Checker(plan, jobs=1))}"


def _judged(checker: Checker) -> str:
    try:
        report = checker.check(_submission())
    except PolcheckError as error:
        return str(error)
    faults = [reason for one in report.policies for _, reason in one.reasons if "failed:" in reason]
    assert not faults, faults
    return output_format("json").render(report, Options())


def _placed(problem: Problem, files: dict[str, bytes]) -> None:
    """Whether a problem has a text and points at a line of a file that there is."""
    assert problem.message
    assert problem.line or not problem.excerpt
    path = problem.path.removeprefix("t/")
    if problem.line and path in files:
        assert problem.line <= len(files[path].splitlines()) + 1


@cache
def _submission() -> Submission:
    return of_files(_SUBMISSION)


@cache
def _schemas() -> Schemas:
    return Schemas((_SCHEMAS / "policy.yaml").read_text("utf-8"), (_SCHEMAS / "pack.yaml").read_text("utf-8"))
