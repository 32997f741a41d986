"""Path patterns over a listing: whatever is told by how a path ends, the matches are those of each path by itself."""

from __future__ import annotations

from itertools import product

import pytest

from polcheck.sources.path_patterns import compile_files

_NAMES = ("a.py", "a.yml", "b.YML", "é.py", "a", ".env", "x-y.py", "c{.py", "\udcff.py", "a.py/")
_PATHS = [folder + name for folder, name in product(("", "src/", "src/a/b/", ".ci/", "é/"), _NAMES)]
_PATTERNS = [
    ["**"],
    ["*"],
    ["**/"],
    ["{name:**}"],
    ["{name:**}", "{name:**}/"],
    ["{name:**}/{other:**}"],
    ["**/*.py"],
    ["**/{a,b}.{yml,YML}"],
    ["{top}/**/*.{py,yml}", "!**/a/**"],
    ["src/**"],
    ["src/{rest:**}.py", "{rest:**}/a.py"],
    ["**/\u00e9.py"],
    ["**/c\\{.py"],
    ["**/x*y.py", "a"],
    ["a?py"],
    ["!**/*.py"],
    [f"**/{letter}*.p{letter}" for letter in "abcdefghijkl"] + ["**/*.p?"],
]


@pytest.mark.parametrize("patterns", _PATTERNS, ids=" ".join)
def test_a_listing_matches_as_each_of_its_paths_does(patterns: list[str]) -> None:
    files = compile_files(patterns)
    expected = [(path, captures) for path in _PATHS for captures in files.match(path)]
    assert [(path, dict(captures)) for path, captures in files.among(_PATHS)] == expected


@pytest.mark.parametrize("path", ["a.py", "src/a/b/\u00e9.py", "\udcff.py"])
def test_a_capture_of_everything_is_the_path(path: str) -> None:
    assert compile_files(["{name:**}"]).match(path) == [{"name": path}]
    assert compile_files(["{name:**}/"]).match(f"{path}/") == [{"name": path}]
