"""Templates of Helm charts, which are no YAML until Helm has rendered them: recognized, and never read."""

from __future__ import annotations

from polcheck.base.spans import Source
from polcheck.formats.format import Format
from polcheck.formats.values import Config, Unparsable


def parse(source: Source) -> Config:
    """Raises Unparsable, always: what a template renders depends on values that are elsewhere."""
    raise Unparsable(
        "a template, which is YAML only once it is rendered: leave it out with `exclude`, or check what "
        "`helm template` renders"
    )


def recognizes(source: Source) -> bool:
    """Return whether a YAML file is a template: it is in a folder `templates` and holds `{{`."""
    return b"{{" in source.data and "templates" in source.path.split("/")[:-1]


FORMAT = Format(
    name="helm",
    title="YAML",
    parse=parse,
    dialect_of="yaml",
    recognizes=recognizes,
    escapes=lambda data: True,  # so that every policy that could look in it says so
)
