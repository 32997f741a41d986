"""The registry of languages, and the detection of a file's language. A file in `supported` is all a language needs."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache, lru_cache

from polcheck.base.errors import PolcheckError
from polcheck.languages.language import Language

DEFAULT_LANGUAGE = "python"
"""The language of a `code` or `pattern` without files."""


_NO_SCRIPTS = frozenset(
    {"Makefile", "makefile", "GNUmakefile", "Dockerfile", "Containerfile", "Procfile", "Gemfile", "Rakefile",
     "Vagrantfile", "Jenkinsfile", "CODEOWNERS", "LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS", "README",
     "CHANGELOG", "CHANGES", "VERSION", "INSTALL"}
)  # fmt: skip
"""Names without an ending that stand for something else than a script, whatever its first line."""


class UnknownLanguage(PolcheckError):
    """A language without a grammar, or whose grammar isn't installed; `help` says what to do."""

    def __init__(self, message: str, help: str) -> None:
        self.message = message
        self.help = help
        super().__init__(message)


@cache
def languages() -> dict[str, Language]:
    """Return every language by its name: the `LANGUAGES` of each module in `supported`."""
    from polcheck.languages import supported

    results: dict[str, Language] = {}
    for module in sorted(entry.name for entry in pkgutil.iter_modules(supported.__path__)):
        for one in importlib.import_module(f"{supported.__name__}.{module}").LANGUAGES:
            results[one.name] = one
    return results


def language(name: str) -> Language:
    """Return the language called `name`. Raises UnknownLanguage."""
    result = languages().get(name)
    if result is None:
        raise UnknownLanguage(f"unknown language `{name}`", "known: " + ", ".join(sorted(languages())))
    return result


@cache
def _by_suffix() -> dict[str, str]:
    return {suffix: one.name for one in languages().values() for suffix in one.suffixes}


@cache
def _by_file_name() -> dict[str, str]:
    return {name: one.name for one in languages().values() for name in one.file_names}


@cache
def _by_interpreter() -> dict[str, str]:
    return {name: one.name for one in languages().values() for name in one.interpreters}


def language_of(path: str) -> str | None:
    """Return the language that the name of a file stands for, None if it stands for none."""
    return _language_of_name(path[path.rfind("/") + 1 :])


@lru_cache(maxsize=4096)  # NOTE: it is asked several times of each file, and in many folders files have the same names
def _language_of_name(name: str) -> str | None:
    dot = name.rfind(".")
    result = _by_suffix().get(name[dot:].lower()) if dot > 0 else None
    return result or _by_file_name().get(name) or _by_prefix(name)


def _by_prefix(name: str) -> str | None:
    """Return the language of a name such as `Dockerfile.dev`, whose ending stands for no language of its own."""
    return next((one.name for one in _with_prefixes() if name.startswith(one.file_prefixes)), None)


@cache
def _with_prefixes() -> tuple[Language, ...]:
    return tuple(one for one in languages().values() if one.file_prefixes)


def may_be_script(path: str) -> bool:
    """Return whether the language of a file may stand in its first line because its name has no ending."""
    start = path.rfind("/") + 1
    name = path[start:]
    return bool(name) and "." not in name[1:] and name not in _NO_SCRIPTS and language_of(path) is None


def language_of_file(path: str, data: bytes) -> str | None:
    """Return the language of a file by its name or, if that leaves it open, its first line; None if neither tells."""
    return language_of(path) or (language_of_script(data) if may_be_script(path) else None)


def language_of_script(data: bytes) -> str | None:
    """Return the language whose interpreter the `#!` line at the start of `data` names, None if there is none."""
    if not data.startswith(b"#!"):
        return None
    words = data[2:512].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    if words and words[0].rpartition("/")[2] == "env":
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0]):
            words = words[1:]
    if not words:
        return None
    program = words[0].rpartition("/")[2]
    known = _by_interpreter()
    plain = program.rstrip("0123456789.")
    return known.get(program) or known.get(plain) or known.get(" ".join([program, *words[1:2]]))
