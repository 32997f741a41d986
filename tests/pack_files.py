"""Packs and submissions in miniature, for tests of the language and the engine."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from polcheck.findings.finding import Finding
from polcheck.findings.report import Report
from polcheck.pipeline import Checker
from polcheck.policy.origin import Problems
from polcheck.policy.pack import compile_packs
from polcheck.policy.pack_files import PackFiles, Schemas
from polcheck.policy.params import Settings
from polcheck.sources.submission import Base, Submission, of_files

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@lru_cache(maxsize=1)
def schemas() -> Schemas:
    """The schemas of the checkout."""
    folder = ROOT / "schemas"
    return Schemas((folder / "policy.yaml").read_text("utf-8"), (folder / "pack.yaml").read_text("utf-8"))


def pack(policies: str, head: str = "", tables: Mapping[str, str] | None = None) -> PackFiles:
    """A pack of these policies; `head` is more of its pack.yaml."""
    files = {
        "pack.yaml": ("name: t\nversion: 1.0.0\n" + textwrap.dedent(head)).encode(),
        "policies/p.yaml": textwrap.dedent(policies).encode(),
    }
    files |= {f"tables/{name}.yaml": textwrap.dedent(text).encode() for name, text in (tables or {}).items()}
    return PackFiles("t", files)


def check(
    policies: str,
    files: Mapping[str, str | bytes],
    head: str = "",
    tables: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    fail_on: str = "error",
    base: Mapping[str, str | bytes] | None = None,
) -> Report:
    """The report on `files`, compared with `base`, by a pack of these policies."""
    plan = compile_packs([pack(policies, head, tables)], settings or Settings(), schemas())
    return Checker(plan).check(compared(files, base), fail_on)


def compared(files: Mapping[str, str | bytes], base: Mapping[str, str | bytes] | None) -> Submission:
    """The submission of `files`, compared with those of `base`; without a base where that is None."""
    now = of_files({path: _text(text) for path, text in files.items()})
    if base is None:
        return now
    data = {path: text if isinstance(text, bytes) else textwrap.dedent(text).encode() for path, text in base.items()}
    return replace(now, base=Base(Submission("base", "files", data)))


def judge(
    body: str,
    files: Mapping[str, str | bytes],
    head: str = "",
    tables: Mapping[str, str] | None = None,
    base: Mapping[str, str | bytes] | None = None,
) -> Report:
    """The report of one policy whose `for`, `require`, `forbid` … are `body`."""
    return check(one(body), files, head, tables, base=base)


def one(body: str) -> str:
    """A policy document with this body; a message is added where it has none."""
    text = textwrap.dedent(body).strip("\n")
    message = "" if "\nmessage:" in f"\n{text}" else "\nmessage: wrong\n"
    return f"id: p\ntitle: it is so\n{text}{message}"


def outcome(report: Report) -> str:
    """The outcome of the only policy."""
    (policy,) = report.policies
    return policy.outcome


def places(report: Report) -> list[str]:
    """Where the findings point: `path:line:column`."""
    return [where(finding) for finding in report.findings]


def where(finding: Finding) -> str:
    """Where a finding points."""
    return str(finding.location) if finding.location else ""


def warnings_of(body: str, head: str = "") -> list[str]:
    """The warnings that compiling one policy gives."""
    problems = Problems()
    compile_packs([pack(one(body), head)], Settings(), schemas(), problems)
    return [problem.message for problem in problems.warnings]


def _text(text: str | bytes) -> str | bytes:
    return textwrap.dedent(text) if isinstance(text, str) else text
