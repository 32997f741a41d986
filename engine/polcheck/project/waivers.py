"""Waivers and overrides applied to findings; nothing disappears, and nothing that accepts may rot unseen.

INVARIANT: what is read of a file takes time in proportion to its size, however many waivers it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.limits import DEFAULT_RUN_LIMITS, Clock, RunLimits
from polcheck.base.spans import Source, Span, Unreadable
from polcheck.evaluate.outcome import PolicyResult
from polcheck.findings.accepted import Accepted, AcceptedFile
from polcheck.findings.finding import Excerpt, Finding, Location, Waived
from polcheck.findings.report import Notice
from polcheck.languages import kind_of
from polcheck.languages.comments import Comments, CommentsUnread, comments_of, mentions_waivers
from polcheck.policy.pack_files import policy_names
from polcheck.policy.params import matches, severity_in
from polcheck.policy.plan import CompiledPolicy
from polcheck.sources.path_patterns import FilePatterns
from polcheck.sources.submission import Submission
from polcheck.sources.trust import trust_in

if TYPE_CHECKING:
    from polcheck.project.effective import EffectiveConfig
    from polcheck.project.model import Override, Waiver

_NAME = "polcheck"
_CLOSERS = ("*/", "-->", "#}", "*)", "*/}}", "*/ -}}")
_BETWEEN = "#/;<- \t"  # what may stand between a reason and the next waiver of one comment
_VERBS = frozenset({
    "ignore", "ignored", "ignores", "disable", "disabled", "allow", "allowed", "skip", "off", "noqa", "nocheck",
    "suppress", "suppressed", "waive", "waived", "waiver", "exempt", "exclude", "nolint",
})  # fmt: skip
_LOOKS_LIKE_ONE = "this looks like a waiver but has no effect: write `polcheck: ignore[policy] reason`"
_LONGEST_WORDS = 80  # characters in which something may look like a waiver
_LONGEST_LINE = 2_000  # characters that a notice shows of a line
_MOST_NOTICES = 1_000  # about waivers in comments


class InlineWaiver(NamedTuple):
    """One comment that waives findings of `policies`: those on its lines (`first` to `last`) and on `following`.

    `following` is 0 where something else stands on its lines. `leading`: nothing but comments comes before it, so that
    it also waives what concerns the file as a whole. `fault` says why it waives nothing; it is empty where it may.
    """

    policies: tuple[str, ...]
    reason: str
    location: Location
    first: int
    last: int
    following: int
    leading: bool
    fault: str = ""


def waivers_in(source: Source, clock: Clock | None = None) -> Iterator[InlineWaiver]:
    """Yield the waivers in the comments of one file, and what looks like one; none where its bytes are no text.

    Raises CommentsUnread when `clock` ends before the comments are known.
    """
    try:
        text = source.text
    except Unreadable:
        return
    marks = _marks(text)
    if not marks:
        return
    comments = comments_of(source, clock)
    excerpts = _Excerpts(source)
    owned = [(start, index) for start in marks if (index := comments.index(start)) is not None]
    begins = [_words_end(text, start) for start, _ in owned]
    until = len(text)  # where the next waiver begins
    results: list[InlineWaiver] = []
    for (start, index), begin in zip(reversed(owned), reversed(begins), strict=True):
        if begin:
            end = min(until, comments.spans[index].end)
            results.append(_waiver(comments, index, (start, begin, end), excerpts, goes_on=end == until))
            until = start
        elif _looks_like_one(text, start):
            results.append(_look_alike(comments, index, start, excerpts))
    yield from _apart(reversed(results))


def _apart(found: Iterable[InlineWaiver]) -> Iterator[InlineWaiver]:
    """Yield the waivers, without what only looks like one in the reason of another."""
    line = 0
    for waiver in found:
        place = waiver.location.line or 0
        if waiver.fault != _LOOKS_LIKE_ONE:
            line = place
        if waiver.fault != _LOOKS_LIKE_ONE or place != line:
            yield waiver


def _marks(text: str) -> list[int]:
    """Return the offsets at which `polcheck` begins a word of a text, in whatever case, in order."""
    results: list[int] = []
    for rest, firsts in ((_NAME[1:], "pP"), (_NAME[1:].upper(), "pP")):
        at = text.find(rest)
        while at >= 0:
            if at and text[at - 1] in firsts and (at == 1 or not _is_word(text[at - 2])):
                results.append(at - 1)
            at = text.find(rest, at + len(rest))
    return sorted(results)


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _words_end(text: str, start: int) -> int:
    """Return the end of `polcheck: ignore` that begins at `start`; 0 when something else does."""
    if not text.startswith(_NAME + ":", start):
        return 0
    at = start + len(_NAME) + 1
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    if not text.startswith("ignore", at) or _is_word(text[at + 6 : at + 7] or " "):
        return 0
    return at + 6


def _looks_like_one(text: str, start: int) -> bool:
    """Return whether somebody may have meant a `polcheck` as a waiver: `polcheck-disable x`, `Polcheck ignore[x]`,
    ...
    """
    body = text[start + len(_NAME) : start + _LONGEST_WORDS].partition("\n")[0]
    verb = body.lstrip(" \t:-=_")
    between = body[: len(body) - len(verb)]
    length = next((at for at, char in enumerate(verb) if not char.isalpha()), len(verb))
    after = verb[length:].lstrip(" \t")
    intended = between.strip() or after.startswith(("[", "(", ":")) or not after
    return bool(between and verb[:length].lower() in _VERBS and intended)


class _Excerpts:
    """The lines on which waivers stand, each read once: a line may hold thousands of them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.number = 0
        self.excerpt: Excerpt | None = None

    def of(self, line: int) -> Excerpt | None:
        """Return the line, or None where it is too long to be shown."""
        if line != self.number:
            text = self.source.line(line)
            self.number = line
            self.excerpt = Excerpt(line, (text,)) if len(text) <= _LONGEST_LINE else None
        return self.excerpt


def _waiver(
    comments: Comments, index: int, at: tuple[int, int, int], excerpts: _Excerpts, *, goes_on: bool
) -> InlineWaiver:
    """Return the waiver at `at`: where it begins, where its words end, and where the comment or the next waiver
    does.

    `goes_on`: another waiver follows in the comment.
    """
    start, begin, end = at
    text = comments.source.text
    line_end = text.find("\n", begin, end)
    goes_on = goes_on and line_end < 0
    rest = text[begin : end if line_end < 0 else line_end]
    names: tuple[str, ...] = ()
    closed = rest.find("]") if rest.startswith("[") else -1
    if closed >= 0:
        names = tuple(name for part in rest[1:closed].split(",") if (name := part.strip()))
        rest, begin = rest[closed + 1 :], begin + closed + 1
    reason = _reason(rest.rstrip(_BETWEEN) if goes_on else rest)
    fault = ""
    if not names:
        fault = "the waiver names no policy and has no effect: write `polcheck: ignore[policy] reason`"
    elif not reason:
        fault = "the waiver has no reason and no effect"
    return _placed(comments, index, Span(start, begin), excerpts)._replace(policies=names, reason=reason, fault=fault)


def _reason(rest: str) -> str:
    """Return the reason that a waiver states after its policies, without the end of its comment."""
    text = rest.rstrip()
    closer = next((closer for closer in _CLOSERS if text.endswith(closer)), "")
    return text.removesuffix(closer).strip().removeprefix(":").removeprefix("-").strip()


def _look_alike(comments: Comments, index: int, start: int, excerpts: _Excerpts) -> InlineWaiver:
    return _placed(comments, index, Span(start, start + len(_NAME)), excerpts)._replace(fault=_LOOKS_LIKE_ONE)


def _placed(comments: Comments, index: int, span: Span, excerpts: _Excerpts) -> InlineWaiver:
    """Return a waiver in a comment that says nothing yet."""
    source = comments.source
    place = source.place(span)
    location = Location(source.path, place, excerpts.of(place.line))
    first, last = comments.lines(index)
    return InlineWaiver((), "", location, first, last, comments.following[index], index < comments.leading)


_SOON = timedelta(days=30)


class Waivers(Struct, frozen=True):
    """The waivers of one run: comments in the submission, and the waivers and overrides of a polcheck.yaml.

    `known` is how policies of the run's packs can be called, whether they are chosen or not. `prefix` is the
    submission's path as seen from the configuration; `config_path` the configuration's as seen from the submission.
    Waivers expire after their day, which is compared with `today`. Comments count where the caller takes the submission
    for a `project` of their own and its kind can be one; else notices say what has no effect, and the `remedy`.
    """

    effective: EffectiveConfig
    today: date
    known: frozenset[str] = frozenset()
    prefix: str = ""
    config_path: str = ""
    project: bool = True
    remedy: str = ""
    quiet: bool = False  # whether something else says what has no effect
    ignoring: bool = True  # whether .gitignore files have an effect: not outside a git work tree
    limits: RunLimits = DEFAULT_RUN_LIMITS

    def __call__(
        self, findings: Sequence[Finding], submission: Submission, results: Sequence[PolicyResult]
    ) -> Accepted:
        """The findings, what is accepted marked so, and notices of what waives nothing, no longer or not for long."""
        trusted = trust_in(submission.kind, project=self.project).may_waive
        inline, unread = comment_waivers(submission, self.limits, findings, everywhere=trusted)
        run = _Run(self, tuple(inline) if trusted else (), {j.policy.ref: j for j in results})
        accepted = tuple(map(run.accepted, findings)) if run.may_accept else tuple(findings)
        disregarded: Iterable[Notice] = ()
        if not trusted and not self.quiet:
            disregarded = disregarded_in(submission, inline, self.remedy)
        elif trusted and not self.ignoring:
            disregarded = _ignoring_nothing(submission)
        files = tuple(run.files())
        return Accepted(accepted, (*unread, *disregarded, *run.notices()), files)

    def location(self, at: tuple[str | int, ...]) -> Location:
        """Return the place of an entry of the configuration."""
        config_file = self.effective.config_file
        assert config_file is not None  # INVARIANT: there are entries only where there is a file
        place = config_file.place(at)
        excerpt = Excerpt(place.line, (config_file.origin.source.line(place.line),))
        return Location(self.config_path, place._replace(path=self.config_path), excerpt)

    def lets_in(self, files: FilePatterns | None, finding: Finding) -> bool:
        """Return whether path patterns of the configuration let in the file that a finding points at."""
        if files is None:
            return True
        return finding.location is not None and self.matches(files, finding.location.path)

    def matches(self, files: FilePatterns, path: str) -> bool:
        """Return whether path patterns of the configuration match a path of the submission."""
        path = self.prefix + path
        return bool(files.match(path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")))


def comment_waivers(
    submission: Submission, limits: RunLimits, findings: Iterable[Finding] = (), *, everywhere: bool = False
) -> tuple[list[InlineWaiver], tuple[Notice, ...]]:
    """Return the waivers in the comments of a submission, by path and place, and notices of files not read in time.

    Of a submission that was searched those files are read that may hold one, and those that `findings` point at;
    `everywhere`, also the code and configuration that no policy looks into.
    """
    inline: list[InlineWaiver] = []
    unread: list[str] = []
    clock = limits.of_run(len(submission.paths))
    for path in _with_waivers(findings, submission, everywhere=everywhere):
        try:
            if mentions_waivers(submission.files[path]):
                inline += waivers_in(submission.source(path), clock.within(limits.search_seconds))
        except (KeyError, OSError):
            continue  # NOTE: it has changed meanwhile: then nothing in it waives
        except CommentsUnread:
            unread.append(path)
    text = "its comments could not be read within the time for one file: no waiver in them has an effect"
    return inline, tuple(Notice("waiver", text, Location(path)) for path in unread)


def _with_waivers(findings: Iterable[Finding], submission: Submission, *, everywhere: bool) -> list[str]:
    """Return the files whose comments may waive.

    NOTE: a file that no policy looks into is read here if there is a finding about it, so that a waiver in it counts
    whichever other policies there are.
    """
    if submission.marked is None:
        return [path for path in submission.paths if path in submission.files]
    pointed = {finding.location.path for finding in findings if finding.location}
    # NOTE: of other files nobody knows what a comment is: an example in a text would be taken for an unused waiver
    others = {path for path in submission.unsearched if kind_of(path)} if everywhere else set()
    return sorted(submission.marked | {path for path in pointed | others if path in submission.files})


def disregarded_in(submission: Submission, inline: Sequence[InlineWaiver], remedy: str) -> Iterator[Notice]:
    """Yield notices of what has no effect in an untrusted submission: comment waivers, .gitignore files, a
    configuration.
    """
    waivers = [waiver for waiver in inline if not waiver.fault]
    results: list[tuple[str, Location]] = []
    if waivers:
        files = len({waiver.location.path for waiver in waivers})
        where = f" in {files:,} files" if files > 1 else ""
        many = "1 waiver in a comment" if len(waivers) == 1 else f"{len(waivers):,} waivers in comments{where}"
        results.append((many, waivers[0].location))
    if submission.kind in ("folder", "revision"):
        ignoring = _ignore_files(submission)
        if ignoring:
            many = "the .gitignore" if len(ignoring) == 1 else f"{len(ignoring):,} .gitignore files"
            results.append((many, Location(ignoring[0])))
        results += ((f"the configuration in {path}", Location(path)) for path in _configurations(submission))
    for what, location in results:
        have = "have" if what[0].isdigit() and not what.startswith("1 ") else "has"
        text = f"{what} {have} no effect: the project is untrusted"
        yield Notice("trust", f"{text}; {remedy}" if remedy else text, location)


def _ignoring_nothing(submission: Submission) -> Iterator[Notice]:
    """Yield notices of .gitignore files outside a git work tree."""
    places = _ignore_files(submission)
    if places:
        what = "the .gitignore has" if len(places) == 1 else f"{len(places):,} .gitignore files have"
        text = f"{what} no effect: this is no git work tree; `exclude` in polcheck.yaml, or --exclude, leaves files out"
        yield Notice("trust", text, Location(places[0]))


def _ignore_files(submission: Submission) -> list[str]:
    return [path for path in submission.paths if path == ".gitignore" or path.endswith("/.gitignore")]


def _configurations(submission: Submission) -> Iterator[str]:
    """Yield the files at the root that configure polcheck where a project is one's own."""
    if "polcheck.yaml" in submission.files:
        yield "polcheck.yaml"
    try:
        if b"tool.polcheck" in submission.files.get("pyproject.toml", b""):
            yield "pyproject.toml"
    except OSError:
        return  # NOTE: it has changed meanwhile


class _Index:
    """Waivers in comments by what they can waive, so that a finding meets its own only."""

    def __init__(self, inline: Iterable[InlineWaiver]) -> None:
        self._whole: dict[tuple[str, str], list[InlineWaiver]] = {}
        self._lines: dict[tuple[str, str, int], list[InlineWaiver]] = {}
        # NOTE: a comment of a thousand lines may hold a thousand waivers, so its lines are listed once
        self._long: dict[tuple[str, int, str], list[InlineWaiver]] = {}
        self._begins: dict[tuple[str, int], list[int]] = {}
        visited: set[tuple[str, int]] = set()
        for waiver in inline:
            path, first, last = waiver.location.path, waiver.first, waiver.last
            for name in dict.fromkeys(waiver.policies):
                if waiver.leading:
                    self._whole.setdefault((path, name), []).append(waiver)
                if first == last:
                    self._lines.setdefault((path, name, first), []).append(waiver)
                else:
                    self._long.setdefault((path, first, name), []).append(waiver)
                if waiver.following:
                    self._lines.setdefault((path, name, waiver.following), []).append(waiver)
            if first != last and (path, first) not in visited:
                visited.add((path, first))
                for line in range(first, last + 1):
                    self._begins.setdefault((path, line), []).append(first)

    def of(self, path: str, name: str, line: int | None) -> list[InlineWaiver]:
        """Return the waivers of the policy `name` that cover a finding on `line`, or about the file as a whole."""
        if line is None:
            return self._whole.get((path, name), [])
        results = list(self._lines.get((path, name, line), ()))
        for first in self._begins.get((path, line), ()):
            results += self._long.get((path, first, name), ())
        return results


def _key_of(waiver: InlineWaiver) -> object:
    return waiver.location.path, waiver.location.place


def _place_of(waiver: InlineWaiver) -> tuple[int, int]:
    return waiver.location.line or 0, waiver.location.column or 0


class _Run(Struct, dict=True):
    """One submission's findings met by what accepts them; remembers what was of use."""

    waivers: Waivers
    inline: tuple[InlineWaiver, ...]
    judged: Mapping[str, PolicyResult]
    used: set[tuple[object, str]] = field(default_factory=set)
    met: dict[tuple[str, str, int | None], InlineWaiver | None] = field(default_factory=dict)

    @cached_property
    def index(self) -> _Index:
        """The waivers in comments that can waive."""
        return _Index(waiver for waiver in self.inline if not waiver.fault)

    @cached_property
    def by_policy(self) -> dict[str, list[Waiver]]:
        """The waivers of the configuration that haven't expired, by what they call the policy."""
        results: dict[str, list[Waiver]] = {}
        for waiver in self.waivers.effective.waivers:
            if not self.expired(waiver):
                results.setdefault(waiver.policy, []).append(waiver)
        return results

    @property
    def may_accept(self) -> bool:
        """Return whether there is anything that could accept a finding or change it. NOTE: mostly there is nothing."""
        return bool(self.inline or self.by_policy or self.waivers.effective.overrides)

    def expired(self, waiver: Waiver) -> bool:
        """Return whether the last day of a waiver is over."""
        return bool(waiver.expires) and date.fromisoformat(waiver.expires) < self.waivers.today

    def in_comment(self, location: Location | None, name: str) -> InlineWaiver | None:
        """Return the first waiver in a comment that covers a place; all that do are of use."""
        if location is None or location.revision:  # NOTE: the file at hand says nothing of what it was
            return None
        key = (location.path, name, location.line)
        if key not in self.met:
            covering = self.index.of(*key)
            self.used.update((_key_of(waiver), name) for waiver in covering)
            self.met[key] = min(covering, key=_place_of, default=None)
        return self.met[key]

    def accepted(self, finding: Finding) -> Finding:
        """Return the finding, waived if something accepts it; everything that does is of use."""
        policy = self.judged[finding.ref].policy
        reasons: list[Waived] = []
        names = policy_names(finding.pack, finding.policy)
        for name in names:
            waiver = self.in_comment(finding.location, name)
            if waiver is not None:
                reasons.append(Waived("inline", waiver.reason, location=waiver.location))
        for entry in (entry for name in names for entry in self.by_policy.get(name, ())):
            if self.waivers.lets_in(entry.files, finding):
                self.used.add((entry.at, ""))
                where = self.waivers.location(entry.at)
                reasons.append(Waived("config", entry.reason, entry.owner, entry.expires, where))
        for override in self.waivers.effective.overrides:
            finding, reason = self._overridden(finding, override, policy)
            reasons += reason
        return replace(finding, waived=reasons[0]) if reasons else finding

    def files(self) -> Iterator[AcceptedFile]:
        """Yield the files that leave a policy undecided where a waiver of the configuration names them."""
        for ref, result in self.judged.items():
            names = policy_names(result.policy.pack, result.policy.id)
            for entry in (entry for name in names for entry in self.by_policy.get(name, ())):
                files = entry.files
                for path, why in result.reasons if files is not None else ():
                    if path and files is not None and self.waivers.matches(files, path):
                        self.used.add((entry.at, ""))
                        where = self.waivers.location(entry.at)
                        yield AcceptedFile(
                            ref, path, why, Waived("config", entry.reason, entry.owner, entry.expires, where)
                        )

    def _overridden(self, finding: Finding, override: Override, policy: CompiledPolicy) -> tuple[Finding, list[Waived]]:
        """Return the finding with the severity that an override gives it, and why it doesn't count if so."""
        if not self.waivers.lets_in(override.files, finding):
            return finding, []
        severity = severity_in(override.severities, policy)
        if severity == "off" or any(matches(policy, text) for text in override.ignore):
            reason = override.reason or f"an override leaves `{policy.id}` out in these files"
            return finding, [Waived("config", reason, location=self.waivers.location(override.at))]
        return (replace(finding, severity=severity) if severity else finding), []

    def notices(self) -> Iterator[Notice]:
        """Yield the notices about waivers: those in comments by place, then those of the configuration."""
        results = list(islice(self._of_comments(), _MOST_NOTICES + 1))
        yield from results[:_MOST_NOTICES]
        if len(results) > _MOST_NOTICES:
            yield Notice("waiver", f"more than {_MOST_NOTICES:,} waivers in comments have no effect")
        for entry in self.waivers.effective.waivers:
            text = self._standing(entry)
            if text:
                yield Notice("waiver", text, self.waivers.location(entry.at), tuple(self._refs(entry.policy)))

    def _of_comments(self) -> Iterator[Notice]:
        for waiver in self.inline:
            if waiver.fault:
                yield Notice("waiver", waiver.fault, waiver.location)
                continue
            for name in waiver.policies:
                text = "" if (_key_of(waiver), name) in self.used else self._unused(name)
                if text:
                    yield Notice("waiver", text, waiver.location, tuple(self._refs(name)))

    def _standing(self, entry: Waiver) -> str:
        """Return the notice about a waiver of the configuration; empty for none."""
        if not self._refs(entry.policy):
            return ""
        if self.expired(entry):
            return f"the waiver of `{entry.policy}` expired on {entry.expires}: it has no effect any more"
        if (entry.at, "") not in self.used:
            return self._unused(entry.policy)
        if entry.expires:
            left = date.fromisoformat(entry.expires) - self.waivers.today
            if left <= _SOON:
                days = "today" if not left.days else "tomorrow" if left.days == 1 else f"in {left.days} days"
                return f"the waiver of `{entry.policy}` expires {days}, after {entry.expires}"
        return ""

    def _unused(self, name: str) -> str:
        """Return the notice about a waiver that accepted nothing; empty where that can't be known.

        NOTE: with `--pack`, waivers of other packs are left alone; while a policy is undecided, nobody knows what its
        waivers would waive.
        """
        refs = self._refs(name)
        if not refs:
            silent = name in self.waivers.known or not self.waivers.effective.own_packs
            return "" if silent else f"unused waiver: there is no policy `{name}`"
        if any(self.judged[ref].open for ref in refs):
            return ""
        return f"unused waiver of `{name}`: remove it"

    def _refs(self, name: str) -> list[str]:
        """Return the policies of the run that go by `name`."""
        return self.refs.get(name, [])

    @cached_property
    def refs(self) -> dict[str, list[str]]:
        """The policies of the run by what they can be called."""
        results: dict[str, list[str]] = {}
        for ref, result in self.judged.items():
            for name in policy_names(result.policy.pack, result.policy.id):
                results.setdefault(name, []).append(ref)
        return results
