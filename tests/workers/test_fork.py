"""A process that is forked while threads of it check something checks as any other."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import polcheck
from polcheck.base.cached import cached_property

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system can't fork")
POLICY = """\
id: no-eval
title: Nothing is evaluated
forbid: {files: "**/*.py", pattern: "eval(...)"}
message: eval
"""
SECONDS = 60


def forked(work: Callable[[], bool]) -> bool:
    """Return what `work` returns in a forked process; False when it doesn't come to its end."""
    child = os.fork()
    if child == 0:
        status = 2
        try:
            signal.alarm(SECONDS)
            status = 0 if work() else 1
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


class Held:
    """An object with a property that takes as long as somebody wants."""

    def __init__(self, wait: threading.Event | None = None, begun: threading.Event | None = None) -> None:
        self.wait, self.begun = wait, begun

    @cached_property
    def value(self) -> int:
        """One, at some time."""
        if self.wait is not None and self.begun is not None:
            self.begun.set()
            self.wait.wait(SECONDS)
        return 1


def test_a_property_that_a_thread_works_out_is_not_waited_for() -> None:
    """What another thread was in the middle of when the process was forked holds nobody up."""
    wait, begun = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: Held(wait, begun).value)
    thread.start()
    try:
        assert begun.wait(SECONDS)
        assert forked(lambda: Held().value == 1)
    finally:
        wait.set()
        thread.join()


def test_a_value_is_worked_out_once_an_object() -> None:
    """It is kept by the object, and can be asked of the class for its documentation."""
    held = Held()
    assert (held.value, held.__dict__["value"]) == (1, 1)
    held.__dict__["value"] = 2
    assert held.value == 2
    assert Held.value.__doc__ == "One, at some time."


def test_no_property_takes_the_lock_of_the_standard_library() -> None:
    """Everything that is worked out once is so by `polcheck.base.cached`."""
    root = Path(polcheck.__file__).parent
    own = root / "base" / "cached.py"
    lines = {path: path.read_text("utf-8").splitlines() for path in root.rglob("*.py") if path != own}
    asked = [
        path for path, text in lines.items() if any("from functools" in s and "cached_property" in s for s in text)
    ]
    assert asked == []


@pytest.mark.skipif(sys.platform == "darwin", reason="the system's own libraries can't be forked beside threads")
def test_a_forked_process_checks_while_a_thread_of_its_parent_does(tmp_path: Path) -> None:
    """As a server with threads does that hands work to forked processes."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "pack.yaml").write_text("name: own\nversion: 1.0.0\n")
    (tmp_path / "policies" / "p.yaml").write_text(POLICY)
    files = {"a.py": "eval(x)\n"}

    def verdict() -> str:
        return polcheck.check(files, tmp_path).verdict

    assert verdict() == "fail"
    stop = threading.Event()

    def on_and_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            polcheck.check({"a.py": f"eval({number})\n"}, tmp_path, params={})

    thread = threading.Thread(target=on_and_on)
    thread.start()
    try:
        assert [forked(lambda: verdict() == "fail") for _ in range(12)] == [True] * 12
    finally:
        stop.set()
        thread.join()
