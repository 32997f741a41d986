"""The report as JSON: everything, in the form that schemas/report.json describes."""

from __future__ import annotations

import json
import math
from typing import Any

from polcheck.findings.report import Report
from polcheck.findings.report_json import report_to_json
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import json_text


def render(report: Report, options: Options) -> str:
    """Return the whole report, excerpts included, keys in a fixed order."""
    return dumps(report_to_json(report))


def dumps(value: Any) -> str:
    """Return a value as indented JSON that UTF-8 can carry, with a line break at its end."""
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)
    return json_text(text) + "\n"


def _finite(value: Any) -> Any:
    """Return the value with YAML's and TOML's infinities and not-a-numbers, which JSON lacks, as texts."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


FORMAT = OutputFormat(render)
