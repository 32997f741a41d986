"""Plans, extractors and what they do, counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

from pack_files import pack, schemas
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.scan.extractor import Extractor


def checker(policies: str, head: str = "") -> Checker:
    """What judges by a pack of these policies; `head` is more of its pack.yaml."""
    return Checker(compile_packs([pack(policies, head)], Settings(), schemas()))


def policies(*bodies: str) -> str:
    """Policies p0, p1, … with these bodies."""
    return "\n---\n".join(
        f"id: p{number}\ntitle: it is so\n{body}\nmessage: wrong" for number, body in enumerate(bodies)
    )


@contextmanager
def searches() -> Iterator[list[tuple[str, frozenset[str]]]]:
    """The searches that are made meanwhile: the path, and the kinds and texts of the probes that were run."""
    made: list[tuple[str, frozenset[str]]] = []
    search = Extractor._search

    def counting(self: Extractor, documents: object, indices: Sequence[int]) -> object:
        probes = list(indices)
        path = documents.source.path  # type: ignore[attr-defined]
        made.append((path, frozenset(_text(self, index) for index in probes)))
        return search(self, documents, probes)  # type: ignore[arg-type]

    with mock.patch.object(Extractor, "_search", counting):
        yield made


def _text(extractor: Extractor, index: int) -> str:
    what = extractor.probes[index].what
    texts = getattr(what, "texts", None)
    return str(texts[0] if texts else getattr(what, "text", getattr(what, "regex", "")))
