"""Notebooks of Jupyter, version 4, as nbformat reads them: a string that stands there line by line is one string.

So `cells[?cell_type == 'code'].source` gives the code of each cell, and `in` searches that, with places in the file.
"""

from __future__ import annotations

from polcheck.base.spans import Source
from polcheck.formats.format import Format
from polcheck.formats.json import escapes, parse_text
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import Config, Json, Unparsable


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the one document of a notebook.

    Raises Unparsable for what isn't strict JSON or a notebook of version 4, LimitExceeded, and Unreadable when the
    bytes aren't text.
    """
    config = parse_text(source.text, limits)
    (notebook,) = config.values
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise Unparsable("not a notebook of version 4: `jupyter nbconvert --to notebook` makes one of an older one")
    cells = notebook["cells"]
    assert isinstance(cells, list)
    joined: dict[str, Json] = {**notebook, "cells": [_cell(cell) for cell in cells]}
    return Config((joined,), config.locate, config.repeated, config.remarks)


def _cell(cell: Json) -> Json:
    if not isinstance(cell, dict):
        return cell
    new = dict(cell)
    if "source" in cell:
        new["source"] = _text(cell["source"])
    attachments = cell.get("attachments")
    if isinstance(attachments, dict):
        new["attachments"] = {name: _bundle(bundle) for name, bundle in attachments.items()}
    outputs = cell.get("outputs")
    if cell.get("cell_type") == "code" and isinstance(outputs, list):
        new["outputs"] = [_output(output) for output in outputs]
    return new


def _output(output: Json) -> Json:
    if not isinstance(output, dict):
        return output
    if output.get("output_type") in ("display_data", "execute_result"):
        return {key: _bundle(value) if key == "data" else value for key, value in output.items()}
    return {key: _text(value) if key == "text" else value for key, value in output.items()}


def _bundle(bundle: Json) -> Json:
    """Return data by media type; that of JSON stays as it is."""
    if not isinstance(bundle, dict):
        return bundle
    return {
        kind: value if kind == "application/json" or kind.endswith("+json") else _text(value)
        for kind, value in bundle.items()
    }


def _text(value: Json) -> Json:
    """Return a string that may stand there as an array of its lines."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(map(str, value))
    return value


FORMAT = Format(
    name="notebook",
    title="a notebook",
    parse=parse,
    suffixes=(".ipynb",),
    root="object",
    escapes=escapes,
)
