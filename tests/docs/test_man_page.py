"""The manual page: it has what the commands say of themselves, and man(1) reads it."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess

import pytest

from pack_files import ROOT

PAGE = ROOT / "man" / "polcheck.1"


def test_the_page_is_up_to_date() -> None:
    """`python scripts/man` writes it; a command or an option that is new has to be in it."""
    assert runpy.run_path(str(ROOT / "scripts" / "man"))["page"]() == PAGE.read_text("utf-8")


def test_the_formatter_has_nothing_to_complain_of() -> None:
    """With every warning on."""
    if shutil.which("groff") is None:
        pytest.skip("needs groff")
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-rLL=100n", PAGE], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    printed = re.sub(".\x08", "", done.stdout)  # bold is a letter struck twice
    assert "polcheck run" in printed and "EXIT STATUS" in printed
