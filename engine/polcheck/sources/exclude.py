"""The paths that a user leaves out of a submission, in the pattern language of `files`."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from polcheck.base.errors import ConfigError, Problem
from polcheck.sources.path_patterns import FilePatterns, FilesProblem, compile_files, folders_of


class Excluded(Struct, frozen=True):
    """What is left out: paths that `out` lets in, or whose folder it does, unless `excepted` does so too.

    `prefix` goes before each path: the submission's own path, as seen from where the patterns begin.
    """

    out: FilePatterns | None = None
    excepted: FilePatterns | None = None
    prefix: str = ""

    @classmethod
    def of(cls, texts: Sequence[str], prefix: str = "") -> Excluded:
        """Return the compiled list; `!` keeps a path after all. Raises ConfigError for a pattern that can't be used."""
        out = [way for text in texts if not text.startswith("!") for way in _with_folder(text)]
        excepted = [way for text in texts if text.startswith("!") for way in _with_folder(text[1:])]
        return cls(_compiled(out), _compiled(excepted), prefix)

    def has(self, path: str) -> bool:
        """Return whether the file at `path` is left out."""
        if self.out is None:
            return False
        full = _matchable(self.prefix + path)
        ways = (full, *folders_of([full]))
        return _any(self.out, ways) and not (self.excepted is not None and _any(self.excepted, ways))

    def has_folder(self, path: str) -> bool:
        """Return whether everything below the folder at `path` is left out, so that it needn't be walked."""
        return (
            self.out is not None
            and self.excepted is None
            and bool(self.out.match(_matchable(self.prefix + path) + "/"))
        )


def beyond(texts: Sequence[str], prefix: str) -> tuple[str, ...]:
    """Return those of `texts` that don't leave out the folder `prefix` (which ends in `/`, or is empty) as a whole.

    Whoever names a folder wants it checked, though a run over the whole project leaves it out. Raises ConfigError for
    a pattern that can't be used.
    """
    above = folders_of([_matchable(prefix)])
    compiled = ((text, _compiled(_with_folder(text.removeprefix("!")))) for text in texts)
    return tuple(t for t, result in compiled if t.startswith("!") or result is None or not _any(result, above))


def _with_folder(text: str) -> list[str]:
    """Return the pattern, and for `vendor/**` also the folder `vendor/`, which then needn't be walked."""
    return [text, text[:-2]] if text.endswith("/**") else [text]


def _compiled(texts: Sequence[str]) -> FilePatterns | None:
    for text in texts:
        try:
            compile_files([text])
        except FilesProblem as problem:
            message = f"the path pattern `{text}` under exclude can't be used: {problem.message}"
            raise ConfigError([Problem(message, help=problem.help)]) from problem
    return compile_files(texts) if texts else None


def _any(patterns: FilePatterns, ways: Sequence[str]) -> bool:
    return any(patterns.match(way) for way in ways)


def _matchable(path: str) -> str:
    """`path` as re2 takes it: without lone surrogates."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
