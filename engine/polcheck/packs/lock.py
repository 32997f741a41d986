"""polcheck.lock: the exact content of each pack. TOML with one table per pack, so that a change is a small diff."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from polcheck.base.errors import PolcheckError

LOCK_NAME = "polcheck.lock"
VERSION = 1
_HEADING = "# What exactly each pack is. Written by `polcheck pack`; commit it, and don't edit it by hand.\n"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_RESOLVED = re.compile(
    r"folder|shipped:.+|installed:.+|git:[0-9a-f]{40}(?:[0-9a-f]{24})?|(?:oci|archive):sha256:[0-9a-f]{64}"
)


def digest_of(data: bytes) -> str:
    """`sha256:` and 64 hex digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class LockError(PolcheckError):
    """A polcheck.lock that can't be used, or that what is there doesn't fit."""


class Locked(Struct, frozen=True):
    """One pack: where it is from, what that was when it was locked, and the digest of its content.

    `resolved` is `git:` and the commit, `oci:` and the digest of the manifest, `archive:` and the digest of the file,
    `installed:` or `shipped:` and the distribution with its version, or `folder`. `extends` are the sources of the
    packs that it builds on.
    """

    name: str
    version: str
    source: str
    resolved: str
    digest: str
    license: str = ""
    extends: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The word before the colon of `resolved`."""
        return self.resolved.partition(":")[0]

    @property
    def at(self) -> str:
        """The part of `resolved` after the colon: the commit, the digest, the distribution."""
        return self.resolved.partition(":")[2]


class Lock(Struct, frozen=True):
    """The packs of a project and what they extend, by source."""

    packs: Mapping[str, Locked]

    @classmethod
    def of(cls, packs: Iterable[Locked]) -> Lock:
        """Return the lock that holds these."""
        return cls({pack.source: pack for pack in sorted(packs, key=_order)})

    def matching(self, name: str) -> list[Locked]:
        """Return the packs of that name, or from that source."""
        return [pack for pack in self.packs.values() if name in (pack.name, pack.source)]

    def text(self) -> str:
        """Return the file."""
        parts = [_HEADING, f"version = {VERSION}\n"]
        for pack in sorted(self.packs.values(), key=_order):
            parts.append("\n[[pack]]\n")
            for name in pack.__struct_fields__:
                value = getattr(pack, name)
                if value or name not in ("license", "extends"):
                    parts.append(f"{name} = {_written(value)}\n")
        return "".join(parts)


def parse(data: bytes, path: str) -> Lock:
    """Return the lock in a file. Raises LockError when it can't be used."""
    import tomllib

    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        help = "remove it, and `polcheck pack lock` writes it anew"
        raise LockError(f"{path} is not TOML: {str(error).lower()}\nhelp: {help}") from error
    version = document.get("version")
    if version != VERSION:
        help = "use the polcheck that wrote it"
        raise LockError(f"{path} is of version {version}, and this polcheck knows {VERSION}\nhelp: {help}")
    packs = document.get("pack", [])
    if not isinstance(packs, list) or set(document) - {"version", "pack"}:
        raise LockError(f"{path} is not a lock: it holds `version` and tables `[[pack]]`, nothing else")
    results: dict[str, Locked] = {}
    for table in packs:
        pack = _locked(table, path)
        if pack.source in results:
            raise LockError(f"{path} holds the source `{pack.source}` twice")
        results[pack.source] = pack
    return Lock(results)


def _locked(table: Any, path: str) -> Locked:
    known = set(Locked.__struct_fields__)
    if isinstance(table, dict) and "license" not in table and "licence" in table:  # its old spelling
        table = {"license" if name == "licence" else name: value for name, value in table.items()}
    if not isinstance(table, dict) or set(table) - known:
        raise LockError(f"{path} is not a lock: a `[[pack]]` has {', '.join(sorted(known))}")
    values = {**table, "extends": table.get("extends", [])}
    bad = [name for name in sorted(known - {"extends"}) if not isinstance(values.get(name, ""), str)]
    bad += [name for name in ("name", "source", "resolved", "digest", "version") if not values.get(name)]
    if not isinstance(values["extends"], list) or not all(isinstance(text, str) for text in values["extends"]):
        bad.append("extends")
    name = values.get("name", "?")
    if not bad and not _DIGEST.fullmatch(values["digest"]):
        bad.append("digest")
    if not bad and not _RESOLVED.fullmatch(values["resolved"]):
        bad.append("resolved")
    if bad:
        raise LockError(f"{path} is broken: the `{bad[0]}` of the pack `{name}` is missing or not what it should be")
    return Locked(**{**values, "extends": tuple(values["extends"])})


def _order(pack: Locked) -> tuple[str, str]:
    return pack.name, pack.source


def _written(value: str | tuple[str, ...]) -> str:
    if isinstance(value, str):
        # NOTE: JSON's texts are TOML's but for this one character
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return "[" + ", ".join(_written(text) for text in value) + "]"
