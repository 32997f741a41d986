"""What tests of fixes share: packs and projects in a few lines, and what fixing them comes to."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fixed_results import Fix
from polcheck.project.fixing import Fixed, Fixing
from polcheck.project.library import checker
from polcheck.project.session import Session
from polcheck.sources.submission import of_files


@pytest.fixture
def pack_of(tmp_path: Path) -> Callable[[str], Path]:
    """A function that writes a pack of these policies, and returns its folder."""

    def make(policies: str) -> Path:
        folder = tmp_path / "pack"
        (folder / "policies").mkdir(parents=True, exist_ok=True)
        (folder / "pack.yaml").write_text("name: p\nversion: 1.0.0\nlanguage: 2\n")
        (folder / "policies" / "all.yaml").write_text(textwrap.dedent(policies))
        return folder

    return make


@pytest.fixture
def fix(pack_of: Callable[[str], Path]) -> Fix:
    """A function that fixes files in memory by some policies, all fixes taken for wanted."""

    def run(policies: str, files: Mapping[str, str], *, unsafe: bool = True, protected: tuple[str, ...] = ()) -> Fixed:
        submission = of_files(files)
        with Session.of(checker(pack_of(policies)), submission) as session:
            return Fixing(session, submission.files.get, unsafe, protected=protected).run()

    return run
