"""polcheck.lock as a text: written, read back, and how it looks in a diff."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from polcheck.packs.lock import Lock, Locked, parse

words = st.text(min_size=1, max_size=30)
digests = st.integers(0, 2**256 - 1).map(lambda number: f"sha256:{number:064x}")
commits = st.integers(0, 2**160 - 1).map(lambda number: f"git:{number:040x}")
resolved = st.just("folder") | commits | digests.map("oci:{}".format) | digests.map("archive:{}".format)
packs = st.builds(
    Locked,
    name=words,
    version=words,
    source=words,
    resolved=resolved,
    digest=digests,
    license=st.text(max_size=9),
    extends=st.lists(words, max_size=3).map(tuple),
)


@given(st.lists(packs, max_size=5))
def test_what_is_written_is_read_back(found: list[Locked]) -> None:
    """Every lock survives its own file, whatever characters its texts hold."""
    lock = Lock.of(found)
    assert dict(parse(lock.text().encode("utf-8"), "polcheck.lock").packs) == dict(lock.packs)


@given(st.lists(packs, max_size=5, unique_by=lambda pack: pack.source), st.randoms())
def test_order_makes_no_difference(found: list[Locked], random: object) -> None:
    """The same packs give the same bytes."""
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Lock.of(found).text() == Lock.of(shuffled).text()


def test_an_update_is_a_few_lines() -> None:
    """One pack that moves changes its own lines and no others."""
    many = [
        Locked(f"p{n}", "1.0.0", f"git+https://h.example/p{n}@main", "git:" + "0" * 40, "sha256:" + "0" * 64)
        for n in range(9)
    ]
    moved = [*many[:4], Locked("p4", "1.1.0", many[4].source, "git:" + "1" * 40, "sha256:" + "1" * 64), *many[5:]]
    diff = difflib.unified_diff(Lock.of(many).text().splitlines(), Lock.of(moved).text().splitlines(), n=0)
    changed = [line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert len(changed) == 6


def test_the_old_spelling_of_license_is_read() -> None:
    """A lock that an earlier version wrote, with `licence`, is read as one with `license`."""
    old = Lock.of([Locked("a", "1", "s", "folder", f"sha256:{0:064x}", license="MIT")])
    assert parse(old.text().replace("license =", "licence =").encode(), "polcheck.lock") == old
