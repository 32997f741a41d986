"""The facts of a file: what policies read as `file.…`."""

from __future__ import annotations

from polcheck.base.spans import Source, Unreadable
from polcheck.formats import format_of, parse_config
from polcheck.formats.values import Unparsable
from polcheck.languages import grammars as syntax
from polcheck.languages.registry import UnknownLanguage, language_of_file, languages
from polcheck.scan.documents import TooRisky, is_risky
from polcheck.scan.rows import Facts
from polcheck.sources.trees import plain_path


def facts_of(source: Source, careful: bool = False) -> Facts:
    """Return the facts of one file; without a parser for its language, `parsed` is whether its text can be decoded.

    Raises TooRisky, if `careful`, as `Extractor.extract` does.
    """
    name = source.path.rsplit("/", 1)[-1]
    language = format_of(source.path) or language_of_file(source.path, source.data) or ""
    error, line, repeated = _parsed(source, language, careful)
    try:
        lines = source.text.count("\n") + (not source.text.endswith("\n") and bool(source.text))
    except Unreadable:
        lines = source.data.count(b"\n")
    return Facts(
        name=name,
        stem=name.rsplit(".", 1)[0] if "." in name[1:] else name,
        dir=plain_path(source.path).rpartition("/")[0],
        size=len(source.data),
        lines=lines,
        language=language,
        parsed=not error,
        error=error,
        line=line,
        repeated_keys=repeated,
    )


def _parsed(source: Source, language: str, careful: bool) -> tuple[str, int, tuple[str, ...]]:
    """Return the error of the language's own parser (empty when there is none), its line, and the repeated keys."""
    known = languages().get(language)
    try:
        if known is not None and known.check is not None:
            return (*(known.syntax_error(source) or ("", 0)), ())
        if format_of(source.path):
            config = parse_config(source, language)
            return "", 0, tuple(source.text[span.start : span.end] for span in config.repeated)
        if language:
            if careful and is_risky(source, language):
                raise TooRisky
            root = syntax.parse(source, language).tree.root_node
            if not root.has_error:
                return "", 0, ()
            return "syntax error", syntax.first_error(root).start_point[0] + 1, ()
        _ = source.text
    except Unparsable as error:
        return error.reason, source.line_of(error.span.start) if error.span else 0, ()
    except (Unreadable, UnknownLanguage) as error:
        return str(error), 0, ()
    return "", 0, ()
