"""Proof that packs are what they should be: as locked, and signed by whom the project trusts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polcheck import disk
from polcheck.disk.project_packs import keys_of
from polcheck.errors import PolcheckError
from polcheck.packs.project import PackProject
from polcheck.packs.publish import pack_now, verify
from polcheck.records import record
from polcheck.sharing.sources import parse
from polcheck.sharing.trust import Publisher, Trust


@record(frozen=True)
class Proof:
    """What came of one pack, or of one of its signatures: `fault` is why it isn't what it should be."""

    name: str
    version: str
    said: str
    fault: str = ""

    @property
    def text(self) -> str:
        """The proof for people."""
        who = f"{self.name} {self.version}".strip()
        return f"{who}  FAULT: {self.fault}" if self.fault else f"{who}  {self.said}"

    @property
    def plain(self) -> dict[str, Any]:
        """The proof as JSON values."""
        about = {"name": self.name, "version": self.version}
        return {**about, "ok": not self.fault, "said": self.said, "fault": self.fault or None}


def proved(project: PackProject) -> list[Proof]:
    """What comes of each pack, without fetching any; a pack that isn't here or isn't locked is at fault.

    Raises LockError when nothing is locked.
    """
    opener = project.opener()
    unlocked = [source for source in project.sources if source not in project.lock.packs]
    found = [Proof(source, "", "", "it is not locked") for source in unlocked]
    for pack in project.locked():
        try:
            opener.fetcher.kept(parse(pack.source), pack)
        except PolcheckError as error:
            found.append(Proof(pack.name, pack.version, "", str(error).partition("\nhelp:")[0]))
        else:
            found.append(Proof(pack.name, pack.version, f"as locked: {pack.digest}"))
    return found


def proved_source(project: PackProject, source: str, keys: Sequence[str]) -> list[Proof]:
    """What comes of each signature of the pack that a source names; none at all is a fault.

    Raises PolcheckError when the pack can't be had or a key can't be read.
    """
    named = project.lock.named(source)
    pack = project.opener().open(named[0].source) if named else pack_now(source)
    trust = disk.trust_of(project.written, project.today)
    if keys:
        own = tuple(key for text in keys for key in keys_of(text, ""))
        trust = Trust((Publisher(("*",), own),), project.today)
    found = [Proof(one.name, one.version, f"signed by {one.key}", one.fault) for one in verify(pack, trust)]
    return found or [Proof(pack.name, pack.said("version"), "", "it is not signed")]
