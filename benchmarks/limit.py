"""What no tool of this kind can avoid: list the files, read them, search them for literals, parse them, run one query.

    python benchmarks/limit.py TREE QUERY [--suffix .py] [--literal TEXT]... [--jobs N] [--lines]

QUERY is a file with tree-sitter queries, which are compiled as one. A file that holds none of the literals is not
parsed. With `--lines` TREE is a JSONL file of bundles, and each Python file of each is parsed. Nothing is reported:
the time of this process is the limit that a run over the same work is measured against.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import re2
import tree_sitter
import tree_sitter_python

_PREDICATE = re.compile(r"\(#[^()]*(?:\([^()]*\)[^()]*)*\)")


def main() -> None:
    """Do the work in as many processes as were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("query", type=Path)
    parser.add_argument("--suffix", default=".py")
    parser.add_argument("--literal", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--lines", action="store_true")
    given = parser.parse_args()
    number, children = 0, list[int]()
    while len(children) + 1 < given.jobs:
        child = os.fork()
        if child == 0:
            number, children = len(children) + 1, []
            break
        children.append(child)
    sources = _of_bundles(given.tree) if given.lines else _of_files(given.tree, given.suffix)
    _search((data for index, data in enumerate(sources) if index % given.jobs == number), given.literal, given.query)
    for child in children:
        os.waitpid(child, 0)


def _of_files(tree: Path, suffix: str) -> Iterator[Path | bytes]:
    for folder, folders, names in os.walk(tree):
        folders.sort()
        for name in sorted(names):
            if name.endswith(suffix):
                yield Path(folder) / name


def _of_bundles(path: Path) -> Iterator[Path | bytes]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            for name, text in json.loads(line).items():
                if name.endswith("_py"):
                    yield text.encode()


def _search(sources: Iterable[Path | bytes], literals: Sequence[str], query: Path) -> int:
    """Return the number of captures in the files that hold one of the literals; of all files if there are none."""
    language = tree_sitter.Language(tree_sitter_python.language())
    parser = tree_sitter.Parser(language)
    # NOTE: without predicates, which tools decide in their own ways
    cursor = tree_sitter.QueryCursor(tree_sitter.Query(language, _PREDICATE.sub("", query.read_text("utf-8"))))
    # NOTE: by an automaton, as it must be to be a bound: `re` takes five times as long for ten words
    wanted = re2.compile("|".join(map(re2.escape, literals)).encode()) if literals else None
    captures = 0
    for source in sources:
        data = source if isinstance(source, bytes) else source.read_bytes()
        if wanted is None or wanted.search(data):
            captures += len(cursor.captures(parser.parse(data).root_node))
    return captures


if __name__ == "__main__":
    main()
