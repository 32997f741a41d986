"""The list of a project's packs, and the details of one pack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, to_builtins

from polcheck.base.cached import cached_property
from polcheck.packs.lock import Lock, Locked
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.plan import CompiledPack
from polcheck.project.library import checker
from polcheck.project.manage_packs import PackProject
from polcheck.project.packs import trust_of
from polcheck.project.publish import Verified, pack_now, verify


class Row(Struct, frozen=True):
    """One pack of the list; `depth` is 0 for those that the configuration names."""

    source: str
    locked: Locked | None
    depth: int

    @property
    def name(self) -> str:
        """The pack's name, as far as it's known."""
        return self.locked.name if self.locked else "?"

    @property
    def version(self) -> str:
        """The pack's version."""
        return self.locked.version if self.locked else ""

    @property
    def where(self) -> str:
        """The exact revision of the pack, in a few characters."""
        if self.locked is None:
            return "not locked"
        at = self.locked.at if self.locked.kind in ("git", "oci") else self.locked.digest
        return f"{self.locked.kind} {at.removeprefix('sha256:')[:12]}"

    @property
    def as_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        locked = self.locked
        about = {"name": locked.name, "version": locked.version} if locked else {"name": None, "version": None}
        exact = {
            "resolved": locked.resolved if locked else None,
            "digest": locked.digest if locked else None,
            "license": locked.license if locked else None,
            "licence": locked.license if locked else None,  # the field's old spelling
        }
        return {**about, "source": self.source, **exact, "depth": self.depth}


def rows(project: PackProject) -> list[Row]:
    """Return the packs that the configuration names, in order, each followed by what it extends. Raises
    PolcheckError.
    """
    return [row for source in project.sources for row in _below(project.lock, source, 0)]


def _below(lock: Lock, source: str, depth: int) -> Iterator[Row]:
    locked = lock.packs.get(source)
    yield Row(source, locked, depth)
    # INVARIANT: a lock made by hand may have circles; packs deeper than this are refused when they are opened
    for base in locked.extends if locked and depth < 20 else ():
        yield from _below(lock, base, depth + 1)


class About(Struct, frozen=True, dict=True):
    """One pack in full."""

    files: PackFiles
    locked: Locked | None
    compiled: CompiledPack
    signatures: tuple[Verified, ...]

    @cached_property
    def facts(self) -> dict[str, str]:
        """The facts about the pack, one line each."""
        about = {"description": self.files.text_under("description"), "license": self.files.license}
        return {
            "name": self.compiled.name,
            "version": self.compiled.version,
            "source": self.locked.source if self.locked else self.files.source or self.files.root,
            "resolved": self.locked.resolved if self.locked else "",
            "digest": self.compiled.digest,
            **about,
            "requires": self.files.text_under("requires"),
            "extends": ", ".join(sorted(self.files.bases)),
            "uses": ", ".join(sorted(self.files.used)),
        }

    @property
    def as_json(self) -> dict[str, Any]:
        """The pack as JSON values."""
        policies = [{"id": p.id, "severity": p.severity, "title": p.title} for p in self.compiled.policies]
        return {
            **self.facts,
            "licence": self.files.license,  # the field's old spelling
            "extends": sorted(self.files.bases),
            "uses": sorted(self.files.used),
            "params": dict(self.compiled.params),
            "requirements": [one.id for one in self.compiled.requirements],
            "policies": policies,
            "signatures": [to_builtins(one) for one in self.signatures],
        }

    @property
    def lines(self) -> Iterator[str]:
        """The pack for people."""
        yield from (f"{key + ':':13}{value}" for key, value in self.facts.items() if value)
        for one in self.signatures:
            yield f"{'signed by:':13}{one.key or '?'}{f' ({one.fault})' if one.fault else ''}"
        if not self.signatures:
            yield f"{'signed by:':13}nobody"
        if self.compiled.params:
            yield from ("", "parameters", *(f"  {name}: {value}" for name, value in self.compiled.params.items()))
        if self.compiled.policies:
            yield from ("", "policies")
            width = max(len(policy.id) for policy in self.compiled.policies)
            for policy in self.compiled.policies:
                old = f" (deprecated: {policy.deprecated})" if policy.deprecated else ""
                yield f"  {policy.severity:8}{policy.id:{width}}  {policy.title}{old}"


def described(project: PackProject, name: str) -> About:
    """Return a pack in full: one that is locked, by its name or source, or what a source leads to now.

    Raises PolcheckError when there is none or it can't be used.
    """
    named = project.lock.matching(name)
    files = project.opener().open(named[0].source) if named else pack_now(name)
    compiled = next(pack for pack in checker(files).plan.packs if pack.name == files.name)
    trust = trust_of(project.config_file, project.today)
    return About(files, named[0] if named else None, compiled, tuple(verify(files, trust)))
