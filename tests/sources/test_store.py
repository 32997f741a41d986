"""Where what can be made again is kept."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs
import pytest

from polcheck.base.store import store


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs is asked")
@pytest.mark.parametrize("home", ["/somewhere/else", "", "  ", None])
def test_the_folder_is_the_one_that_the_desktop_names(home: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What platformdirs would say, without the time that it takes to import it."""
    monkeypatch.delenv("POLCHECK_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", home)
    assert store() == platformdirs.user_cache_dir("polcheck", appauthor=False)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs is asked")
def test_a_relative_folder_of_the_desktop_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the XDG Base Directory Specification has it."""
    monkeypatch.delenv("POLCHECK_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert store() == str(Path("~/.cache/polcheck").expanduser())


def test_a_folder_that_is_given_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """POLCHECK_CACHE comes first."""
    monkeypatch.setenv("POLCHECK_CACHE", "/given")
    assert store() == "/given"
