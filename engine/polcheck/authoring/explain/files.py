"""The files that a selector searched, and why it left out the others."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from polcheck.authoring.explain.model import Document, LeftOut
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.relations import Relation
from polcheck.findings.finding import Location
from polcheck.policy.plan import Find, Modifiers, Probe
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.text import TextSearch
from polcheck.sources.path_patterns import FilePatterns, compile_files
from polcheck.sources.submission import Submission
from polcheck.sources.trees import plain_path

_MOST_WORDS = 3
_PLAIN = Modifiers()


class FileFilter(Struct, frozen=True):
    """Answers for one submission."""

    context: JoinContext
    submission: Submission

    def documents(self, source: Find, relation: Relation, anchors: frozenset[str] | None) -> tuple[Document, ...]:
        """Return the files that a selector looked at, in order of path; of those in `anchors` where it keeps to
        them.
        """
        probe = self.context.plan.probes[source.probe]
        counts = Counter(row.places[0].path for row in relation.rows)
        gaps = {gap.path: gap.reason for gap in relation.unsearched}
        paths = sorted(path for path in relation.examined | gaps.keys() if anchors is None or path in anchors)
        return tuple(
            Document(_shown(path), counts[path], gaps[path], open=True)
            if path in gaps
            else Document(_shown(path), counts[path], "" if counts[path] else self._lack(source.probe, probe, path))
            for path in paths
        )

    def left_out(
        self, source: Find, relation: Relation, anchors: frozenset[str] | None, modifiers: Modifiers
    ) -> tuple[LeftOut, ...]:
        """Return the other files of the tree, by reason, the reasons in order of how much they say."""
        kept = {path for path, _ in self.context.matches(source.files, modifiers)} if source.files else set()
        probe = self.context.plan.probes[source.probe]
        reasons: dict[str, list[str]] = {}
        for path in self.context.tree(modifiers.revision):
            if path in relation.examined:
                if anchors is not None and path not in anchors:
                    reasons.setdefault("not the file of a row that it extends", []).append(_shown(path))
            elif source.files is not None and path not in kept:
                reasons.setdefault(why_not(source.files, path, modifiers), []).append(_shown(path))
            else:
                reasons.setdefault(_unread(probe), []).append(_shown(path))
        return _grouped(reasons)

    def not_listed(self, files: FilePatterns, modifiers: Modifiers) -> tuple[LeftOut, ...]:
        """Return the paths of the tree that the patterns leave out, by reason."""
        inside = {path for path, _ in self.context.matches(files, modifiers)}
        reasons: dict[str, list[str]] = {}
        for path in self.context.tree(modifiers.revision):
            if path not in inside and not files.folders:
                reasons.setdefault(why_not(files, path, modifiers), []).append(_shown(path))
        return _grouped(reasons)

    def _lack(self, index: int, probe: Probe, path: str) -> str:
        """Return the reason why a file without a match was not even parsed; empty when it was."""
        words = sorted(self.context.extractor.prefilter.lacking(self.submission.source(path), index))
        if not words:
            return ""
        verb = "searched" if isinstance(probe.what, TextSearch) else "parsed"
        rest = f" or {len(words) - _MOST_WORDS} more" if len(words) > _MOST_WORDS else ""
        return f"not {verb} for lack of " + " or ".join(f"`{word}`" for word in words[:_MOST_WORDS]) + rest


def _shown(path: str) -> str:
    """Return a path as people read it, with its tree where that is the base."""
    return str(Location.of_file(path))


def why_not(files: FilePatterns, path: str, modifiers: Modifiers = _PLAIN) -> str:
    """Return why `files` leave a path out: how it hasn't changed, the pattern that excludes it, or that none has it."""
    plain = plain_path(path)
    for text in files.texts:
        if text.startswith("!") and not compile_files([text]).match(plain):
            return f"excluded by `{text}`"
    if modifiers.changed and files.match(plain):
        return f"not {' or '.join(modifiers.changed)} since the base"
    return "matched by no pattern"


def _unread(probe: Probe) -> str:
    return (
        "no configuration"
        if isinstance(probe.what, Expression)
        else f"not {probe.language}"
        if len(probe.languages) == 1
        else "in none of its languages"
    )


def _grouped(reasons: dict[str, list[str]]) -> tuple[LeftOut, ...]:
    """Exclusions first, which somebody wrote; what no pattern matches last."""
    order = sorted(reasons, key=lambda reason: (reason == "matched by no pattern", reason))
    return tuple(LeftOut(reason, tuple(reasons[reason])) for reason in order)
