"""Packs to lint, and what is told of them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from pack_files import one, schemas
from polcheck.authoring.lint import Linted, lint
from polcheck.policy.pack_files import PackFiles

PARAMS = """
params:
  contract: {type: string, allowed: [v1, v2], default: v1}
  deep: {type: boolean, default: false}
  words: {type: list, default: [a]}
"""
TWO = """
id: p
title: the one
{one}
message: no
remedy: do
---
id: q
title: the other
{other}
message: no
remedy: do
"""


def linted(policies: str, head: str = "", files: Mapping[str, str] | None = None) -> Linted:
    """What is found in a pack of these policies."""
    texts = {"pack.yaml": f"name: t\nversion: 1.0.0\n{head}", "policies/p.yaml": policies, **(files or {})}
    return lint([PackFiles("t", {path: textwrap.dedent(text).encode() for path, text in texts.items()})], schemas())


def told(body: str, head: str = "", files: Mapping[str, str] | None = None) -> list[str]:
    """Severity, line and message of each problem of one policy, without those of parts that nobody uses."""
    found = linted(one(body).rstrip() + "\nremedy: do\n", head, files)
    return lines(found)


def lines(found: Linted) -> list[str]:
    quiet = ("is never used", "answers to the requirement")
    return [
        f"{problem.severity}:{problem.line}: {problem.message}"
        for problem in found.problems
        if not problem.message.endswith(quiet) or "bound and" in problem.message
        if "answers to the requirement" not in problem.message
    ]


def pair(first: str, second: str, head: str = "") -> list[str]:
    """The same for two policies."""
    return lines(linted(TWO.format(one=first, other=second).lstrip("\n"), head))
