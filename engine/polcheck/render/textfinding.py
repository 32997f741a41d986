"""One finding for a terminal: a line, or that line with its source, its evidence and its remedy."""

from __future__ import annotations

from functools import partial

from polcheck.render import Options
from polcheck.render.drawing import digits, draw
from polcheck.render.escape import terminal
from polcheck.render.ink import Ink
from polcheck.report import Finding, Location

_RELATED = 3
_LOOKED_IN = 5


def label(finding: Finding, ink: Ink) -> str:
    """Severity and policy: `error[pack:policy]`."""
    return f"{ink.name(finding.severity)}[{terminal(finding.ref)}]"


def brief(finding: Finding, ink: Ink, labelled: bool = True) -> str:
    """The finding on one line: `path:line:column: severity[pack:policy] message`."""
    return _headline(finding, terminal(finding.message), ink, labelled)


def full(finding: Finding, options: Options, ink: Ink, labelled: bool = True) -> str:
    """The finding with its excerpt, related places, what was searched, the nearest miss and the remedy."""
    head, *rest = finding.message.split("\n")
    lines = [_headline(finding, terminal(head), ink, labelled)]
    lines += ["    " + terminal(line) for line in rest]
    if finding.location:
        mark = partial(ink.mark, severity=finding.severity)
        lines += draw(finding.location, options.width, ink.margin, mark)
    everything = options.all or options.verbosity > 0
    indent = " " * (digits(finding.location) + 1)
    lines += [f"{indent}{ink.margin('=')} {line}" for line in _evidence(finding, everything, ink)]
    return "\n".join(lines)


def _headline(finding: Finding, message: str, ink: Ink, labelled: bool) -> str:
    place = ink.bold(terminal(str(finding.location))) if finding.location else ""
    lead = label(finding, ink) + " " if labelled else ""
    return f"{place}: {lead}{message}" if place else lead + message


def _evidence(finding: Finding, everything: bool, ink: Ink) -> list[str]:
    related = finding.related if everything else finding.related[:_RELATED]
    lines = [f"also {_line(location)}" for location in related]
    if len(related) < len(finding.related):
        lines.append(f"also {len(finding.related) - len(related):,} more places")
    if finding.looked_in:
        lines.append(f"looked in: {_listed(finding.looked_in, everything)}")
    if finding.nearest:
        where = f" ({terminal(str(finding.nearest.location))})" if finding.nearest.location else ""
        lines.append(f"nearest: {terminal(finding.nearest.text)}{where}")
    if finding.remedy:
        head, *rest = finding.remedy.strip().split("\n")
        lines += [f"{ink.help('help')}: {terminal(head)}", *("      " + terminal(line) for line in rest)]
    if finding.see:
        lines.append(f"see: {terminal(finding.see)}")
    return lines


def _line(location: Location) -> str:
    """A related place with the line it stands on, where that is known."""
    excerpt, line = location.excerpt, location.line
    if excerpt and line and 0 <= line - excerpt.first < len(excerpt.lines):
        text = excerpt.lines[line - excerpt.first].strip()
        return f"{terminal(str(location))}: {terminal(text[:80])}{'…' if len(text) > 80 else ''}"
    return terminal(str(location))


def _listed(paths: tuple[str, ...], everything: bool) -> str:
    shown = paths if everything else paths[:_LOOKED_IN]
    rest = f" and {len(paths) - len(shown):,} more" if len(shown) < len(paths) else ""
    return ", ".join(map(terminal, shown)) + rest
