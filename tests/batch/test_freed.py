"""What was evaluated for one submission is freed when its outcome is known, and not left to the collector."""

from __future__ import annotations

import gc
import json

from pack_files import pack, schemas
from polcheck.evaluate.context import JoinContext
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.sources.submission import of_files

POLICIES = (
    {"id": "p", "title": "t", "message": "m", "forbid": [{"pattern": "f($x)"}, {"pattern": "g($x)"}]},
    {
        "id": "q",
        "title": "t",
        "message": "m",
        "for": [{"files": "{n}.py", "code": "(call) @c"}],
        "require": [{"use": "s"}],
    },
)
SELECTORS = "selectors:\n  s: {pattern: 'h($y)', where: y != 'a'}\n"


def contexts() -> dict[int, JoinContext]:
    """Every context that is in memory, by its identity."""
    return {id(each): each for each in gc.get_objects() if isinstance(each, JoinContext)}


def test_no_context_is_left() -> None:
    """A worker of a batch pauses the collector for long, and what it would free is then most of its memory."""
    packed = pack("---\n".join(f"{json.dumps(policy)}\n" for policy in POLICIES), SELECTORS)
    checker = Checker(compile_packs([packed], Settings(), schemas()), jobs=1)
    submission = of_files({"a.py": b"f(1)\ng(1)\nh(2)\n"})
    gc.collect()
    before = contexts()
    gc.disable()
    try:
        summary = checker.summary(submission)
        left = contexts().keys() - before.keys()
    finally:
        gc.enable()
    assert [policy.outcome for policy in summary.policies] == ["fail", "pass"]
    assert not left
