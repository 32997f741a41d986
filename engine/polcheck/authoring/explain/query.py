"""One selector by itself over a submission: what `polcheck query` shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from polcheck.authoring.explain.display import DisplayOptions, bindings_text, capped, excerpt
from polcheck.base.errors import PolcheckError, PolicyError, Problem
from polcheck.base.paths import is_folder
from polcheck.base.spans import Source
from polcheck.base.today import today
from polcheck.evaluate.outcome import evaluate
from polcheck.findings.finding import Location
from polcheck.findings.places import Locator
from polcheck.findings.report_json import location_to_json
from polcheck.formats import formats
from polcheck.formats.values import Config, Json, Pointer, Where
from polcheck.languages.registry import DEFAULT_LANGUAGE, language_of, language_of_script, may_be_script
from polcheck.pipeline import Checker
from polcheck.policy import model as written
from polcheck.policy.conjunction import Compiler, Scope
from polcheck.policy.origin import Problems, SourceMap
from polcheck.policy.plan import CompiledPack, CompiledPolicy, Conjunction, Plan, Template, needs_places, probes_of
from polcheck.policy.probes import Around, Probes, Selectors
from polcheck.render.escape import terminal
from polcheck.render.wording import pluralize
from polcheck.selectors.syntax.selector import Syntax
from polcheck.sources.submission import Submission
from polcheck.sources.target import read_file, read_submission


class Question(Struct, frozen=True):
    """A selector as the command line gives it; several `texts` are a union."""

    kind: str
    texts: tuple[str, ...]
    language: str = ""
    rename: str = ""
    where: str = ""
    resolve: bool = True


class Match(Struct, frozen=True):
    """One hit: where it is, and what it binds."""

    location: Location
    bindings: Mapping[str, Json]


class Answer(Struct, frozen=True):
    """The rows of a selector.

    `queries` are the tree-sitter queries that it ran as, `documents` the files it looked in, `reasons` those (with
    why) that could not be searched to the end.
    """

    matches: tuple[Match, ...]
    queries: tuple[str, ...]
    documents: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    warnings: tuple[Problem, ...] = ()


def ask(question: Question, submission: Submission) -> Answer:
    """Return the matches of one selector, in order of place.

    Raises PolicyError for a selector that can't be used, and PolcheckError when no file is of a kind that it reads.
    """
    problems = Problems()
    around = () if question.kind in ("data", "text") else _languages(submission)
    steps, probes = _compiled(question, around, problems)
    answer = matches_of(steps, probes, submission)
    if not answer.documents:
        raise PolcheckError(_nothing_to_read(question, around, submission))
    return replace(answer, warnings=tuple(problems.warnings))


def matches_of(
    steps: Conjunction,
    probes: Probes,
    submission: Submission,
    params: Mapping[str, Json] | None = None,
    tables: Mapping[str, Json] | None = None,
) -> Answer:
    """Return the matches of a compiled conjunction, in order of place.

    `probes` are those that its compilation made; `params` and `tables` are those of the pack that it belongs to.
    """
    policy = _policy(steps)
    if needs_places(policy):
        probes.mark_places(probes_of(policy))
    pack = CompiledPack("query", "0", "", params or {}, tables or {}, (), (policy,), {}, ())
    checker = Checker(Plan((pack,), tuple(probes.made), probes.today))
    (result,) = evaluate(checker.join_context(submission), [pack])
    locator = Locator(submission, checker.extractor)
    matches = [
        Match(
            locator.location(failure.place) if failure.place else Location(""),
            {name: cell.value for name, cell in {**failure.row.shown, **failure.row.names}.items()},
        )
        for failure in result.failures
    ]
    return Answer(
        tuple(sorted(matches, key=lambda match: match.location.order)),
        tuple(query for probe in probes.made if isinstance(probe.what, Syntax) for query in probe.what.queries),
        tuple(sorted(result.documents)),
        result.reasons,
    )


def submission_at(target: str, *, name: str = "", gitignore: bool = True) -> Submission:
    """Return the files of a folder, or the one file at `target` (`-`: standard input), under the path `name` if given.

    Raises SubmissionError and PolcheckError when they can't be read.
    """
    if is_folder(target):
        return read_submission(target, project=True, gitignore=gitignore)
    source = read_file(target)
    return Submission(target, "file", {name or source.path: source.data})


class _Options(SourceMap, frozen=True):
    """The origin of a selector written on the command line: its problems point into the option's text."""

    def error(self, at: Pointer, message: str, help: str = "", offset: int | None = None) -> None:
        """Notes an error at the option."""
        self._at_option(at, message, help, offset, "error")

    def warning(self, at: Pointer, message: str, help: str = "", offset: int | None = None) -> None:
        """Notes a warning at the option."""
        self._at_option(at, message, help, offset, "warning")

    def _at_option(self, at: Pointer, message: str, help: str, offset: int | None, severity: str) -> None:
        option = next((f"--{step}" for step in reversed(at) if isinstance(step, str)), "")
        text = self._text_at(at)
        if text is None:
            self.problems.add(Problem(message, option, help=help, severity=severity))
            return
        source = Source("", text.encode("utf-8", "surrogatepass"))
        start = min(offset or 0, len(source.text))
        line = source.line_of(start)
        column = start - source.line_starts[line - 1] + 1
        self.problems.add(Problem(message, option, line, column, source.line(line), help, severity))

    def _text_at(self, at: Pointer) -> str | None:
        """Return the option's text; None where it is not known which of several is meant."""
        value: object = self.document
        for step in at:
            value = value[step] if isinstance(value, dict | list) else value  # type: ignore[index]
        return value if isinstance(value, str) else None


def _compiled(question: Question, around: tuple[str, ...], problems: Problems) -> tuple[Conjunction, Probes]:
    document = _written(question)
    origin = _Options(Source("", b""), Config((document,), _nowhere), 0, problems)
    probes = Probes(today().isoformat())
    compiler = Compiler(probes, Selectors(), around=Around(around)).at(origin)
    steps, _ = compiler.conjunction(written.items(document, ()), Scope(), role="forbid")
    if problems.errors:
        raise PolicyError(problems.errors)
    return steps, probes


def _nowhere(_index: int, at: Pointer) -> Where:
    raise KeyError(at)


def _written(question: Question) -> Json:
    """Return the item that a policy would hold for this selector."""
    modifiers: dict[str, Json] = {
        key: value
        for key, value in (("language", question.language), ("as", question.rename), ("where", question.where))
        if value
    }
    if question.kind in ("pattern", "code"):
        texts: list[Json] = list(question.texts)
        resolve: dict[str, Json] = {} if question.resolve else {"resolve": False}
        return {question.kind: texts if len(texts) > 1 else texts[0], **resolve, **modifiers}
    items: list[Json] = [{question.kind: text, **modifiers} for text in question.texts]
    return items[0] if len(items) == 1 else {"any": items}


def _languages(submission: Submission) -> tuple[str, ...]:
    """Return the languages of a submission's files, without configuration where there is any other; the default
    first.
    """
    results = {language for path in submission.paths if (language := _language(submission, path))}
    code = results - set(formats()) or results
    return tuple(sorted(code, key=lambda name: (name != DEFAULT_LANGUAGE, name))) or (DEFAULT_LANGUAGE,)


def _language(submission: Submission, path: str) -> str | None:
    """Return the language of a file by its name, or by its first line where its name has no ending and it is read."""
    if not may_be_script(path):
        return language_of(path)
    try:
        return language_of_script(submission.content(path))
    except (KeyError, OSError):  # NOTE: what can't be read is reported when it is searched
        return None


def _nothing_to_read(question: Question, around: tuple[str, ...], submission: Submission) -> str:
    what = question.language or " or ".join(around) or "configuration"
    if len(submission.paths) == 1:
        return f"`{submission.paths[0]}` can't be read as {what} by its name: give `--language`"
    return f"`{submission.name}` holds no {what}: give `--language`"


def _policy(steps: Conjunction) -> CompiledPolicy:
    """Return a policy whose failures are the matches."""
    return CompiledPolicy(
        pack="query",
        id="query",
        title="query",
        severity="note",
        requirement="",
        message=Template(""),
        remedy=Template(""),
        description="",
        see="",
        tags=(),
        deprecated="",
        when=(),
        subjects=None,
        per=(),
        demand=steps,
        forbids=True,
        count=None,
        path="",
        line=0,
    )


_MOST = 50


def text(answer: Answer, look: DisplayOptions) -> str:
    """Return the matches with their source underlined, and a closing line that counts them."""
    blocks = [*(_queries(answer, look) if look.verbose else ())]
    visible = answer.matches if look.all else answer.matches[:_MOST]
    blocks += ["\n".join(_match(match, look)) for match in visible]
    if len(visible) < len(answer.matches):
        blocks += capped([], len(answer.matches) - len(visible), "matches", look)
    return "\n\n".join([*blocks, _closing(answer)]) + "\n"


def plain(answer: Answer) -> dict[str, Any]:
    """Return the answer as JSON values, every match included."""
    return {
        "matches": [
            {**location_to_json(match.location), "bindings": dict(match.bindings), "text": matched(match)}
            for match in answer.matches
        ],
        "queries": list(answer.queries),
        "documents": list(answer.documents),
        "unsearched": [{"path": path, "reason": reason} for path, reason in answer.reasons],
    }


def matched(match: Match) -> str | None:
    """Return the line on which the match begins, None where it has no place."""
    place, source = match.location.place, match.location.excerpt
    if place is None or source is None:
        return None
    index = place.line - source.first
    return source.lines[index] if 0 <= index < len(source.lines) else None


def _queries(answer: Answer, look: DisplayOptions) -> Iterator[str]:
    for query in answer.queries:
        lines = [look.style.dim("tree-sitter query")] + ["  " + terminal(line) for line in query.splitlines()]
        yield "\n".join(lines)


def _match(match: Match, look: DisplayOptions) -> list[str]:
    names = bindings_text(match.bindings)
    head = look.style.bold(terminal(str(match.location)))
    return [f"{head}: {names}" if names else head, *excerpt(match.location, look)]


def _closing(answer: Answer) -> str:
    files = len({match.location.path for match in answer.matches})
    result = f"{pluralize(len(answer.matches), 'match', 'matches')}"
    where = f" in {pluralize(files, 'file')}" if answer.matches else ""
    examined = f"searched {pluralize(len(answer.documents), 'file')}"
    lines = [f"{terminal(path)}: {terminal(reason)}: matches may be missing" for path, reason in answer.reasons]
    return "\n".join([*lines, f"{result}{where}; {examined}"])
