"""Pages of rows (recall.Page), kept between runs: one for each folder that was judged."""

from __future__ import annotations

from pathlib import Path

from polcheck.disk.kept import cache_folder, keep_whole, load_whole
from polcheck.disk.store import key_of
from polcheck.recall import Page

MOST_BYTES = 256 << 20  # of one page
_MOST_PAGES = 16


def page_of(folder: str) -> Page:
    """The page of a folder; an empty one when there is none, or it isn't whole."""
    found = load_whole(_path(folder))
    return found if isinstance(found, Page) else Page()


def keep_page(folder: str, page: Page) -> None:
    """Keeps the page of a folder, whole or not at all; one that is too large, or can't be written, is not kept."""
    keep_whole(_path(folder), page, _MOST_PAGES, MOST_BYTES)


def _path(folder: str) -> Path:
    # NOTE: rows depend on the grammars and on the Python that says whether a file parses, as plans do on the code
    return cache_folder() / "rows" / key_of(str(Path(folder).resolve()))
