"""The documentation as a site: every page is in it, its search finds them, and nothing is fetched from elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pack_files import ROOT

pytest.importorskip("zensical")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, built without a warning: also a link that leads nowhere would be one."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, ROOT / "scripts" / "site", folder], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "site"


def test_every_page_is_in_the_site_and_its_navigation(site: Path) -> None:
    """Under the name that it has in docs/."""
    index = (site / "index.html").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        if page.name != "README.md":
            assert (site / page.stem / "index.html").is_file(), page
            assert f'href="{page.stem}/"' in index, page


def test_the_search_knows_every_page(site: Path) -> None:
    """By its words; what only prepares commands for the tests isn't among them."""
    entries = json.loads((site / "search.json").read_text("utf-8"))["items"]
    pages = {entry["location"].partition("/")[0] for entry in entries}
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} - {"README"} <= pages
    assert not any("setup\n" in entry["text"] for entry in entries)


def test_links_out_of_the_documentation_lead_to_the_repository(site: Path) -> None:
    """As that to SECURITY.md."""
    assert re.search(r'href="https://[^"]+/blob/main/SECURITY\.md"', (site / "index.html").read_text("utf-8"))


def test_a_page_asks_no_other_server_for_anything(site: Path) -> None:
    """Styles, scripts, fonts and images are the site's own."""
    page = (site / "language" / "index.html").read_text("utf-8")
    sources = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"', page)
    sources += re.findall(r'<link[^>]* rel="(?:stylesheet|preload|preconnect|icon)"[^>]* href="([^"]+)"', page)
    assert sources
    assert [source for source in sources if "//" in source] == []
