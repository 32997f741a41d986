"""A report in the formats that people and machines read: one module a format.

A module of this package that has a `FORMAT` is a format, under the module's name; adding that file is all it takes.
Renderers are pure: a report and options in, text out; nothing here prints or touches files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from polcheck.findings.report import Report


class Options(Struct, frozen=True):
    """How to show a report; each format uses what concerns it.

    `width` is the terminal's, in columns. `all` lifts the cap on findings for each policy. `verbosity` is
    -1 (a line a finding, nothing else), 0 or 1. `kinds` are the outcomes beside `fail` and `undecided`
    (`pass`, `not-applicable`) that SARIF lists as results. `template` is the text that `template` fills. `source` is
    the address at which the repository's host shows a file, with `{path}` and `{line}`, or empty. `fixing`: it is what
    is left after fixing.
    """

    color: bool = False
    width: int = 100
    all: bool = False
    verbosity: int = 0
    kinds: frozenset[str] = frozenset()
    template: str = ""
    source: str = ""
    fixing: bool = False


class Renderer(Protocol):
    """The function that turns a report into text."""

    def __call__(self, report: Report, options: Options) -> str:
        """Return the report as text."""


class OutputFormat(Struct, frozen=True):
    """One output format.

    `with_digest`: it says the project's digest, for which every file is read. `has_commands`: its text may hold
    commands of a build service, on purpose. `from_template`: it is asked for with a file, as `template:FILE`.
    `job_summary` gives the text for the file that GITHUB_STEP_SUMMARY names. `paths_from` is the folder from which it
    names files: the submission's root, the working directory of the run, or the root of the git repository.
    """

    render: Renderer
    with_digest: bool = True
    has_commands: bool = False
    from_template: bool = False
    job_summary: Callable[[Report], str] | None = None
    paths_from: Literal["submission", "working directory", "repository"] = "submission"

    def placed(self, report: Report) -> Report:
        """Return the report with the paths that this format shows."""
        from polcheck.findings.finding import upward

        here = upward(report.here) if report.here else report.root
        folder = {"submission": "", "working directory": here, "repository": report.prefix}[self.paths_from]
        return report.seen_from(folder) if folder else report


def output_format(name: str) -> OutputFormat:
    """Return the format called `name`, importing that format's module only. Raises KeyError where there is none."""
    record = getattr(import_module(f"{__name__}.{name}"), "FORMAT", None) if name in _modules() else None
    if not isinstance(record, OutputFormat):
        raise KeyError(name)
    return record


@cache
def output_formats() -> Mapping[str, OutputFormat]:
    """Return every format by its name, `text` first, the others in alphabetical order. Imports all of them."""
    modules = sorted(_modules(), key=lambda name: (name != "text", name))
    return MappingProxyType({name: output_format(name) for name in modules if _is_format(name)})


def listed_output_formats() -> str:
    """Return the names as help lists them, the default first: `text (the default), html or template:FILE`."""
    written = [f"{name}:FILE" if record.from_template else name for name, record in output_formats().items()]
    written[0] += " (the default)"
    return f"{', '.join(written[:-1])} or {written[-1]}"


def _is_format(name: str) -> bool:
    return isinstance(getattr(import_module(f"{__name__}.{name}"), "FORMAT", None), OutputFormat)


@cache
def _modules() -> frozenset[str]:
    return frozenset(module.name for module in iter_modules(__path__))
