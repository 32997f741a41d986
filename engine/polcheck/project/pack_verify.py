"""Verifying packs: as locked, and signed by a publisher whom the project trusts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from polcheck.base.errors import PolcheckError
from polcheck.packs.sign import Publisher, Trust
from polcheck.packs.sources import parse
from polcheck.project.manage_packs import PackProject
from polcheck.project.packs import keys_of, trust_of
from polcheck.project.publish import pack_now, verify


class Verification(Struct, frozen=True):
    """The result for one pack, or for one of its signatures: `fault` is why it isn't what it should be."""

    name: str
    version: str
    result: str
    fault: str = ""

    @property
    def text(self) -> str:
        """The proof for people."""
        who = f"{self.name} {self.version}".strip()
        return f"{who}  FAULT: {self.fault}" if self.fault else f"{who}  {self.result}"

    @property
    def as_json(self) -> dict[str, Any]:
        """The proof as JSON values."""
        about = {"name": self.name, "version": self.version}
        return {**about, "ok": not self.fault, "said": self.result, "fault": self.fault or None}


def verify_pack(project: PackProject) -> list[Verification]:
    """Return the result for each pack, without fetching any; a pack that is absent or not locked is an error.

    Raises LockError when nothing is locked.
    """
    opener = project.opener()
    unlocked = [source for source in project.sources if source not in project.lock.packs]
    results = [Verification(source, "", "", "it is not locked") for source in unlocked]
    for pack in project.locked():
        try:
            opener.fetcher.cached(parse(pack.source), pack)
        except PolcheckError as error:
            results.append(Verification(pack.name, pack.version, "", str(error).partition("\nhelp:")[0]))
        else:
            results.append(Verification(pack.name, pack.version, f"as locked: {pack.digest}"))
    return results


def verify_source(project: PackProject, source: str, keys: Sequence[str]) -> list[Verification]:
    """Return the result for each signature of the pack that a source names; no signature is an error.

    Raises PolcheckError when the pack can't be had or a key can't be read.
    """
    named = project.lock.matching(source)
    pack = project.opener().open(named[0].source) if named else pack_now(source)
    trust = trust_of(project.config_file, project.today)
    if keys:
        own = tuple(key for text in keys for key in keys_of(text, ""))
        trust = Trust((Publisher(("*",), own),), project.today)
    results = [Verification(one.name, one.version, f"signed by {one.key}", one.fault) for one in verify(pack, trust)]
    return results or [Verification(pack.name, pack.text_under("version"), "", "it is not signed")]
