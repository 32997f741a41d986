"""YAML with source positions: every problem of a policy points at its line."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from polcheck.base.errors import Problem
from polcheck.base.spans import Source, Span, Unreadable
from polcheck.formats.values import Config, Json, Pointer, Unparsable
from polcheck.formats.yaml import parse
from polcheck.policy.versions import LANGUAGE_VERSION

_BLOCK = ("|", ">")


class Problems(Struct):
    """The problems reported so far. The only mutable value in this layer: compiling continues after an error."""

    reported: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """Notes one problem, once."""
        if problem not in self.reported:
            self.reported.append(problem)

    @property
    def errors(self) -> list[Problem]:
        """The problems that make a pack unusable."""
        return [problem for problem in self.reported if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """The problems that don't make a pack unusable."""
        return [problem for problem in self.reported if problem.severity != "error"]


class SourceMap(Struct, frozen=True):
    """One YAML document of a file, and the problems that are found in it.

    `version` is the version of the policy language in which it is written.
    """

    source: Source
    config: Config
    index: int
    problems: Problems
    version: int = LANGUAGE_VERSION

    @property
    def document(self) -> Json:
        """The document's value."""
        return self.config.values[self.index]

    @property
    def line(self) -> int:
        """The line on which the document's content begins."""
        try:
            return self.source.line_of(self.config.locate(self.index, ()).value.start)
        except KeyError:
            return 1

    def error(self, at: Pointer, message: str, help: str = "", offset: int | None = None) -> None:
        """Notes an error at the value (`offset` characters into its text) or, if it isn't there, at its holder."""
        self._note(at, message, help, offset, "error")

    def warning(self, at: Pointer, message: str, help: str = "", offset: int | None = None) -> None:
        """Notes a warning, placed like an error."""
        self._note(at, message, help, offset, "warning")

    def note(self, at: Pointer, message: str, help: str = "", offset: int | None = None) -> None:
        """Notes what could be better, placed like an error."""
        self._note(at, message, help, offset, "note")

    def _note(self, at: Pointer, message: str, help: str, offset: int | None, severity: str) -> None:
        place = self.source.place(self._span(at, offset))
        excerpt = self.source.line(place.line)
        self.problems.add(Problem(message, self.source.path, place.line, place.column, excerpt, help, severity))

    def _span(self, at: Pointer, offset: int | None) -> Span:
        while True:
            try:
                where = self.config.locate(self.index, at)
                break
            except KeyError:
                at, offset = at[:-1], None
        if offset is None:
            return where.key or where.value
        return self._inside(where.value, offset, self._text(at))

    def _text(self, at: Pointer) -> str:
        value: object = self.document
        for step in at:
            value = value[step]  # type: ignore[index]
        return value if isinstance(value, str) else ""

    def _inside(self, span: Span, offset: int, text: str) -> Span:
        """Return the place of the character at `offset` of a scalar whose YAML spans `span`.

        NOTE: exact for plain, quoted (without escapes before the offset) and literal block scalars.
        """
        start = self.source.text[span.start : span.start + 1]
        if start in _BLOCK:
            line = text.count("\n", 0, offset)
            column = offset - (text.rfind("\n", 0, offset) + 1)
            first = self.source.line_of(span.start) + 1
            content = self.source.line(first)
            indent = len(content) - len(content.lstrip(" "))
            number = min(first + line, len(self.source.line_starts))
            begin = self.source.line_starts[number - 1] + indent + column
        else:
            begin = span.start + (start in ("'", '"')) + offset
        begin = min(begin, span.end, len(self.source.text))
        return Span(begin, begin)


def read(source: Source, problems: Problems, version: int = LANGUAGE_VERSION) -> Iterator[SourceMap]:
    """Yield each readable document of a YAML file; problems of the others are added to `problems`.

    `version` is the version of the policy language in which they are written.
    """

    try:
        config = parse(source)
    except Unparsable as error:
        place = source.place(error.span or Span(0, 0))
        line = source.line(place.line)
        # NOTE: `key: {{ name }}` is a mapping in a mapping to YAML, and the commonest slip of whoever writes templates
        unquoted = ": {{" in line or line.lstrip().startswith(("- {{", "{{"))
        help = 'quote a string that begins with a template expression: `"{{ … }}"`' if unquoted else ""
        # NOTE: in a list between brackets the `[` of a snippet ends it, as in `pattern: [os.environ["$name"], …]`
        if not help and any(f"{key}: [" in line for key in ("pattern", "data", "code", "text", "where")):
            help = "in `[…]` quote what holds brackets, braces or commas, as `['os.environ[\"$name\"]']`"
        problems.add(Problem(f"not YAML: {error.reason}", source.path, place.line, place.column, line, help))
        return
    except Unreadable as error:
        problems.add(Problem(str(error), source.path))
        return
    for span in config.repeated:
        place = source.place(span)
        key = source.text[span.start : span.end]
        problems.add(
            Problem(
                f"the key {_quoted(key)} is repeated",
                source.path,
                place.line,
                place.column,
                source.line(place.line),
            )
        )
    for index, value in enumerate(config.values):
        if value is not None:
            yield SourceMap(source, config, index, problems, version)


def _quoted(key: str) -> str:
    return f"`{key.strip(chr(34) + chr(39))}`"
