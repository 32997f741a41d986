"""The same bytes have the same verdict in a batch as in a run, whatever they are and however they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import polcheck
from polcheck.policy.params import Settings
from polcheck.project.batch import BatchChecker, BatchEntry, BatchTask
from polcheck.project.batch_inputs import BatchInputs
from polcheck.project.packs import read_pack

NAMES = st.one_of(
    st.sampled_from(["main_py", "a.py", "d/b.py", "a.py/b.py", ".git/config", "polcheck.yaml", "con", "ü"]),
    st.sampled_from(["../x", "/etc/passwd", "C:\\x", "C:x", "a\\b", "", ".", "d//b.py", "d/../a.py", "\ud800", "a\0b"]),
    st.sampled_from(["x" * 5_000, "d/" * 2_000 + "b.py"]),
)
FILES = st.sampled_from(
    [
        "load(1)\n",
        "print(1)\n",
        "load(1)\nprint(2)\n",
        "x = (",
        "",
        "\ud800",
        "\0",
        "# polcheck: ignore[quiet]\nprint(1)",
    ]
)
VALUES = st.one_of(FILES, st.sampled_from([None, 1, 1.5, True, [], {}, ["load(1)"], {"main_py": "load(1)"}]))


def _object(pairs: list[tuple[str, Any]]) -> str:
    """The text of an object with these members, of which some may have the same key."""
    return "{" + ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in pairs) + "}"


TEXTS = st.one_of(
    st.lists(st.tuples(NAMES, VALUES), max_size=4).map(_object),
    st.lists(st.tuples(NAMES, FILES), min_size=1, max_size=3).map(_object),
    st.sampled_from(
        ["1", "null", "[]", '"x"', "{", "{} {}", "NaN", '{"a.py": NaN}', "[" * 9_000, "9" * 5_000, '{"a.py": "x\ty"}']
    ),
)
DATA = st.one_of(
    TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
    TEXTS.map(lambda text: b"\xef\xbb\xbf" + text.encode("utf-8", "surrogatepass")),
    TEXTS.map(lambda text: text.encode("utf-16")),
    st.binary(min_size=1, max_size=40),
).filter(lambda data: data.strip() != b"" and b"\n" not in data)


@pytest.fixture(scope="module")
def checkers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, BatchChecker]]:
    """A pack, and the check of a batch by it."""
    from batch.conftest import PACK, POLICIES
    from trees import write

    root = tmp_path_factory.mktemp("equal")
    write(root / "pack", {"pack.yaml": PACK, "policies/p.yaml": POLICIES})
    yield root, BatchChecker((read_pack(root / "pack"),), Settings())


def by_run(root: Path, data: bytes) -> tuple[str, dict[str, str]]:
    """The verdict of a run over a bundle, and the outcomes."""
    (root / "in.json").write_bytes(data)
    try:
        report = polcheck.check(root / "in.json", root / "pack")
    except polcheck.SubmissionError:
        return "none", {"": "undecided"}
    return report.verdict, {one.id: one.outcome for one in report.requirements}


def by_batch(work: BatchChecker, entry: BatchEntry) -> tuple[str, dict[str, str]]:
    """The verdict of a batch over one entry, and the outcomes."""
    rows = work(BatchTask.of(0, entry)).rows
    return str(rows[0]["verdict"]), {str(row["requirement"]): str(row["outcome"]) for row in rows}


def only(inputs: BatchInputs) -> BatchEntry:
    """The one entry of an input."""
    (entry,) = inputs
    return entry


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=DATA)
@example(data=b'{"main_py": "load(1)", "main_py": "print(1)"}')
@example(data=b'{"main_py": "load(1)", "' + b"d/" * 3_000 + b'b.py": "x"}')
def test_the_same_bytes_have_the_same_verdict(checkers: tuple[Path, BatchChecker], data: bytes) -> None:
    """As a file of a run, and in a batch: as a file, a line, the bytes of a column."""
    root, work = checkers
    expected = by_run(root, data)
    assert by_batch(work, BatchEntry("in", path=str(root / "in.json"))) == expected
    assert by_batch(work, BatchEntry("in", bundle=data)) == expected
    (root / "in.jsonl").write_bytes(data + b"\n")
    assert by_batch(work, only(BatchInputs([str(root / "in.jsonl")], work))) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(text=TEXTS)
def test_the_same_text_has_the_same_verdict_in_a_field(checkers: tuple[Path, BatchChecker], text: str) -> None:
    """As JSON in a row, and as a string that is JSON."""
    root, work = checkers
    expected = by_run(root, text.encode("utf-8", "surrogatepass"))
    fields = BatchChecker(work.packs, work.settings, "files", "id")
    for value in (text, json.dumps(text)):
        (root / "rows.jsonl").write_bytes(f'{{"id": "x", "files": {value}}}\n'.encode("utf-8", "surrogatepass"))
        found = by_batch(fields, only(BatchInputs([str(root / "rows.jsonl")], fields)))
        assert found == expected
