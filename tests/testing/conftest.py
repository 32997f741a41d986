"""Packs with cases, for the tests of `polcheck test`."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from casepacks import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a pack of some policies and cases, and gives its folder."""

    def made(policies: str, cases: str, head: str = "", **more: str) -> Path:
        files = {
            "pack.yaml": "name: t\nversion: '1'\n" + textwrap.dedent(head),
            "policies/p.yaml": textwrap.dedent(policies),
            "tests/cases.yaml": textwrap.dedent(cases),
            **{path.replace("__", "/").replace("_yaml", ".yaml"): textwrap.dedent(text) for path, text in more.items()},
        }
        for path, text in files.items():
            place = tmp_path / "pack" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return tmp_path / "pack"

    return made
