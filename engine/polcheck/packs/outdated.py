"""Locked packs that are something else by now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from packaging.version import InvalidVersion, Version

from polcheck.packs.project import PackProject
from polcheck.records import record
from polcheck.sharing.lock import Locked
from polcheck.sharing.sources import Git, Oci, Source, parse


@record(frozen=True)
class Newer:
    """One pack: what it is now where its source leads elsewhere, and the newest version tag after its own."""

    locked: Locked
    now: str = ""
    tag: str = ""

    @property
    def text(self) -> str:
        """The pack for people."""
        parts = []
        if self.now:
            parts.append(f"is now {self.now} (locked: {self.locked.at or self.locked.digest})")
        if self.tag:
            parts.append(f"has the newer tag {self.tag}")
        return f"{self.locked.name} {self.locked.version}  {self.locked.source}  {' and '.join(parts)}"

    @property
    def plain(self) -> dict[str, Any]:
        """The pack as JSON values."""
        locked = self.locked
        about = {"name": locked.name, "version": locked.version, "source": locked.source}
        return {**about, "locked": locked.at or locked.digest, "now": self.now or None, "tag": self.tag or None}


def newer(project: PackProject) -> list[Newer]:
    """The locked packs that are outdated, in order of name.

    Raises PolcheckError when none is locked, or a source can't be reached.
    """
    found = [_newer(project, pack) for pack in project.locked()]
    return [one for one in found if one.now or one.tag]


def _newer(project: PackProject, locked: Locked) -> Newer:
    source = parse(locked.source)
    now, tags = _now(project, source)
    was = locked.at if locked.kind in ("git", "oci") else locked.digest
    return Newer(locked, now if now != was else "", _newest(tags, _version_of(source)))


def _now(project: PackProject, source: Source) -> tuple[str, Iterable[str]]:
    """Where a source leads now, and the tags beside it."""
    if isinstance(source, Git):
        from polcheck.disk.git_pack import commit_of, refs_of

        tags = [name.removeprefix("refs/tags/") for name in refs_of(source) if name.startswith("refs/tags/")]
        return commit_of(source), tags
    if isinstance(source, Oci):
        from polcheck.disk.oci import Registry

        registry = Registry(source)
        return source.digest or registry.manifest(source.tag)[0], registry.tags()
    opener = project.opener(fresh={str(source)})
    return opener.fetcher.now(source).files.digest, ()


def _version_of(source: Source) -> Version | None:
    if isinstance(source, Git):
        return _version(source.rev)
    return _version(source.tag) if isinstance(source, Oci) else None


def _newest(tags: Iterable[str], than: Version | None) -> str:
    """The newest tag that is a version after `than`; pre-releases only after a pre-release."""
    if than is None:
        return ""
    versions = [(version, tag) for tag in tags if (version := _version(tag)) is not None and version > than]
    stable = [pair for pair in versions if than.is_prerelease or not pair[0].is_prerelease]
    return max(stable)[1] if stable else ""


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
