"""Which files a selector looked at, and why it left out the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polcheck.explain.told import Document, LeftOut
from polcheck.judge import World
from polcheck.policy.plan import Find, Probe
from polcheck.selectors.files import FilePatterns, compile_files
from polcheck.selectors.found import Found
from polcheck.selectors.jmes import Expression
from polcheck.selectors.text import TextSearch
from polcheck.submission import Submission

_MOST_WORDS = 3


@dataclass(frozen=True)
class Looker:
    """Answers for one submission."""

    world: World
    submission: Submission

    def documents(self, source: Find, anchors: frozenset[str] | None = None) -> tuple[Document, ...]:
        """The files that the selector looked at, in order of path; of those in `anchors` where it keeps to them."""
        probe = self.world.plan.probes[source.probe]
        read = (path for path in self._read(source, probe) if anchors is None or path in anchors)
        return tuple(self._document(source.probe, probe, path) for path in read)

    def left_out(self, source: Find, anchors: frozenset[str] | None = None) -> tuple[LeftOut, ...]:
        """The other files, by reason, the reasons in order of how much they say."""
        probe = self.world.plan.probes[source.probe]
        read = set(self._read(source, probe))
        reasons: dict[str, list[str]] = {}
        for path in self.world.paths:
            if path in read:
                if anchors is not None and path not in anchors:
                    reasons.setdefault("not the file of a row that it extends", []).append(path)
            elif source.files is not None and not source.files.match(path):
                reasons.setdefault(why_not(source.files, path), []).append(path)
            else:
                reasons.setdefault(_unread(probe), []).append(path)
        return _grouped(reasons)

    def not_listed(self, files: FilePatterns) -> tuple[LeftOut, ...]:
        """The paths that the patterns leave out, by reason."""
        inside = {path for path, _ in self.world.matches(files)}
        reasons: dict[str, list[str]] = {}
        for path in self.world.paths:
            if path not in inside and not files.folders:
                reasons.setdefault(why_not(files, path), []).append(path)
        return _grouped(reasons)

    def _read(self, source: Find, probe: Probe) -> list[str]:
        paths: Iterable[str] = self.world.paths
        if source.files is not None:
            paths = dict.fromkeys(path for path, _ in self.world.matches(source.files))
        return [path for path in paths if not path.endswith("/") and probe.reads(path)]

    def _document(self, index: int, probe: Probe, path: str) -> Document:
        if path in self.world.unreadable:
            return Document(path, 0, self.world.unreadable[path], open=True)
        rows = self.world.rows.get(path)
        found = rows.found.get(index, Found()) if rows else Found()
        if found.incomplete:
            return Document(path, len(found.hits), found.incomplete, open=True)
        note = ""
        if not found.hits:
            words = self.world.extractor.prefilter.lacking(self.submission.source(path), index)
            note = _absent(words, "searched" if isinstance(probe.what, TextSearch) else "parsed")
        return Document(path, len(found.hits), note)


def why_not(files: FilePatterns, path: str) -> str:
    """Why `files` leave a path out: the pattern that excludes it, or that none includes it."""
    for text in files.texts:
        if text.startswith("!") and not compile_files([text]).match(path):
            return f"excluded by `{text}`"
    return "matched by no pattern"


def _unread(probe: Probe) -> str:
    return "no configuration" if isinstance(probe.what, Expression) else f"not {probe.language}"


def _absent(words: frozenset[str], verb: str) -> str:
    """Why a file was not even parsed; empty when it was."""
    if not words:
        return ""
    shown = sorted(words)[:_MOST_WORDS]
    rest = f" or {len(words) - len(shown)} more" if len(words) > len(shown) else ""
    return f"not {verb}: it doesn't hold " + " or ".join(f"`{word}`" for word in shown) + rest


def _grouped(reasons: dict[str, list[str]]) -> tuple[LeftOut, ...]:
    """Exclusions first, which somebody wrote; what no pattern matches last."""
    order = sorted(reasons, key=lambda reason: (reason == "matched by no pattern", reason))
    return tuple(LeftOut(reason, tuple(reasons[reason])) for reason in order)
