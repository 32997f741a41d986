"""The report through a template of the user, with the limits of pack templates."""

from __future__ import annotations

from typing import Any

from polcheck.base.log_commands import at_line_starts, defused
from polcheck.findings.report import Report
from polcheck.findings.report_json import report_to_json
from polcheck.findings.verdict_fields import issue_scope
from polcheck.policy.templates import TEXT_FUEL, TemplateFault, names
from polcheck.policy.templates import render as fill
from polcheck.render import Options, OutputFormat


def render(report: Report, options: Options) -> str:
    """Return `options.template`, filled in. It sees what issue templates see, and the JSON form as `report`.

    `params` are those of each pack, under its name.
    Raises TemplateFault when it doesn't compile, reads a name that isn't there, fails, or needs too much time or space.
    """
    params = {pack.name: dict(pack.params) for pack in report.packs}
    scope = _defused({**issue_scope(report, None, params), "report": report_to_json(report)})
    if unknown := sorted(names(options.template) - scope.keys()):
        known = ", ".join(f"`{name}`" for name in sorted(scope))
        raise TemplateFault(f"`{unknown[0]}` is never bound; a template sees {known}")
    text = fill(options.template, scope, TEXT_FUEL)
    # NOTE: the engine drops the line break that ends a template; in a file of text it is wanted
    end = "\r\n" if options.template.endswith("\r\n") else "\n"
    return text + end if options.template.endswith("\n") and not text.endswith("\n") else text


def _defused(value: Any) -> Any:
    """Return the values without what a build service takes for a command; the template itself may hold some."""
    if isinstance(value, str):
        return defused(at_line_starts(value))
    if isinstance(value, dict):
        return {key: _defused(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defused(item) for item in value]
    return value


FORMAT = OutputFormat(render, has_commands=True, from_template=True)
