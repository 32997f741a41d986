"""The names that bundles and archives give their files, checked before anything is made of them."""

from __future__ import annotations

import re

from polcheck.errors import SubmissionError
from polcheck.submission import check_path

_DRIVE = re.compile(r"[A-Za-z]:")


def check_name(path: str, holder: str) -> None:
    """Raises SubmissionError when `path` in `holder` is not a plain path below the root, on any system."""
    if "\\" in path or _DRIVE.match(path):
        why = "paths have no drive and no backslash"
        raise SubmissionError(f"the path `{path}` in {holder} leaves the submission: {why}")
    try:
        check_path(path)
        path.encode("utf-8", "surrogateescape")
    except SubmissionError as error:
        raise SubmissionError(f"{error}, in {holder}") from error
    except UnicodeEncodeError as error:
        raise SubmissionError(f"a path in {holder} is not text: {path!a}") from error
