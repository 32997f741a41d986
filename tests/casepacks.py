"""Policies and cases in miniature, for the tests of `polcheck test`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Write = Callable[..., Path]
"""Writes a pack of some policies and cases, and gives its folder."""

EVAL = """
    id: no-eval
    title: Nothing is evaluated
    forbid: {files: "src/*.py", pattern: eval(...)}
    message: "`{{ path }}` evaluates"
"""
EVALUATES = """
    case: evaluates
    files: {src/a.py: "x = eval('1')"}
    expect: {no-eval: fail}
"""
