"""A pack that holds some of its policies, every line where it was, so that trying one of a hundred is quick."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import replace

from polcheck.policy.origin import Problems, read
from polcheck.policy.packfiles import PackFiles

_INK = re.compile(r"[^\n]")


def narrowed(pack: PackFiles, policies: Container[str]) -> PackFiles:
    """The pack without the policies that aren't among `policies`; a file that isn't YAML stays as it is."""
    files = dict(pack.files)
    for path in pack.below("policies", (".yaml", ".yml")):
        text = _kept(pack, path, policies)
        if text is not None:
            files[path] = text.encode("utf-8", "surrogatepass")
    return replace(pack, files=files)


def _kept(pack: PackFiles, path: str, policies: Container[str]) -> str | None:
    source = pack.source_of(path)
    problems = Problems()
    origins = list(read(source, problems))
    if problems.errors:
        return None
    text = source.text
    for origin in origins:
        document = origin.document
        if isinstance(document, dict) and str(document.get("id")) not in policies:
            start, end = origin.config.locate(origin.index, ()).value
            text = text[:start] + _INK.sub(" ", text[start:end]) + text[end:]
    return text
