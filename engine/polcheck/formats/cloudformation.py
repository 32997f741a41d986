"""Templates of AWS CloudFormation in YAML: the short forms of its functions mean what their long forms do."""

from __future__ import annotations

from polcheck.base.spans import Source
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import Config, Json

_AS_THEY_ARE = frozenset({"Ref", "Condition"})
_FUNCTIONS = frozenset(
    {
        *("And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "GetAtt"),
        *("GetAZs", "GetStackOutput", "If", "ImportValue", "Join", "Length", "Not", "Or", "RefAll", "Select", "Split"),
        *("Sub", "ToJsonString", "Transform", "ValueOf", "ValueOfAll"),
    }
)
_VERSION = b"AWSTemplateFormatVersion"
_TYPES = (b"AWS::", b"Alexa::", b"Custom::")  # what the types of resources begin with


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the documents of a template, with `!Ref x` as `{"Ref": x}` and `!Sub x` as `{"Fn::Sub": x}`.

    `!GetAtt a.b` is `{"Fn::GetAtt": ["a", "b"]}`, split at the first point. Raises as the format `yaml` does.
    """
    from polcheck.formats import yaml

    return yaml.parse(source, limits, _long_form)


def _long_form(tag: str, value: Json, text: str | None) -> tuple[str, Json]:
    """Return the function that a tag is short for, and its argument; other tags stay as they are.

    A scalar is a string whatever it looks like: `!GetAZs` without one is `{"Fn::GetAZs": ""}`.
    """
    name = tag.removeprefix("!")
    known = name in _AS_THEY_ARE or name in _FUNCTIONS
    value = text if known and text is not None else value
    if name in _AS_THEY_ARE:
        return name, value
    if name not in _FUNCTIONS:
        return tag, value
    if name == "GetAtt" and isinstance(value, str) and "." in value:
        return "Fn::GetAtt", list(value.split(".", 1))
    return "Fn::" + name, value


def recognizes(source: Source) -> bool:
    """Return whether a YAML file says at the beginning of a line that it is a template, or has resources of AWS there.

    The version is optional in a template; what it can't do without is `Resources`, each with its `Type`.
    """
    data = source.data
    return _begins_a_line(data, _VERSION) or (
        any(kind in data for kind in _TYPES) and _begins_a_line(data, b"Resources")
    )


def _begins_a_line(data: bytes, key: bytes) -> bool:
    """Return whether a line begins with a key, in quotes or without."""
    at = data.find(key)
    while at >= 0:
        before = data[max(at - 2, 0) : at].removesuffix(b'"').removesuffix(b"'")
        if at == 0 or before.endswith((b"\n", b"\r", b"\xbf")) or (at == 1 and not before):
            return True
        at = data.find(key, at + 1)
    return False


def respells(key: str) -> bool:
    """Return whether a key may stand in a template as the tag that is short for it."""
    from polcheck.formats import yaml

    return key.startswith("Fn::") or key in _AS_THEY_ARE or yaml.respells(key)


def escapes(data: bytes) -> bool:
    """Return whether keys may be written with escapes."""
    return b"\\" in data


def body(text: str) -> int:
    """Return the offset of the content in a scalar as it is written."""
    from polcheck.formats import yaml

    return yaml.body(text)


FORMAT = Format(
    name="cloudformation",
    title="CloudFormation",
    parse=parse,
    dialect_of="yaml",
    recognizes=recognizes,
    escapes=escapes,
    respells=respells,
    body=body,
)
