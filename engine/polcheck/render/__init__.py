"""A report in the formats that people and machines read: one module a format, each with one `render`.

Renderers are pure: a report and options in, text out; nothing here prints or touches files.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

from msgspec import Struct

if TYPE_CHECKING:
    from polcheck.findings.report import Report


class Options(Struct, frozen=True):
    """How to show a report; each format uses what concerns it.

    `width` is the terminal's, in columns. `all` lifts the cap on findings for each policy. `verbosity` is
    -1 (a line a finding, nothing else), 0 or 1. `kinds` are the outcomes beside `fail` and `undecided`
    (`pass`, `not-applicable`) that SARIF lists as results. `template` is the text that `template` fills.
    """

    color: bool = False
    width: int = 100
    all: bool = False
    verbosity: int = 0
    kinds: frozenset[str] = frozenset()
    template: str = ""


class Renderer(Protocol):
    """What every format offers."""

    def __call__(self, report: Report, options: Options) -> str:
        """The report as text."""


FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "text": "polcheck.render.text",
        "json": "polcheck.render.json",
        "verdict": "polcheck.render.verdict",
        "sarif": "polcheck.render.sarif",
        "junit": "polcheck.render.junit",
        "github": "polcheck.render.github",
        "gitlab": "polcheck.render.gitlab",
        "markdown": "polcheck.render.markdown",
        "html": "polcheck.render.html",
        "template": "polcheck.render.template",
    }
)


def renderer(name: str) -> Renderer:
    """Return the `render` of the format `name`, imported only now. Raises KeyError for an unknown name."""
    return cast(Renderer, import_module(FORMATS[name]).render)
