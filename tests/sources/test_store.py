"""Where what can be made again is kept."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs
import pytest

from polcheck.base.store import store
from typed import polcheck


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


def test_cache_info_says_why_the_cache_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of the group's above the cache is named, with what to do; a private one goes without a word."""
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setenv("POLCHECK_CACHE", str(shared / "cache"))
    assert "not used" not in polcheck("cache", "info").err
    shared.chmod(0o770)
    told = polcheck("cache", "info")
    assert told.status == 0 and f"others may write to `{shared}`" in told.err and "chmod go-w" in told.err
