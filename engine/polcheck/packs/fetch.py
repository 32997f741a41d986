"""Fetching packs: the current content of a source, or exactly the content in polcheck.lock."""

from __future__ import annotations

import sys
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.errors import PolcheckError, PolicyError, Problem
from polcheck.base.reader import is_folder
from polcheck.base.tracker import record_dependency, record_unknown_dependency
from polcheck.base.version import VERSION
from polcheck.packs.lock import Lock, Locked, LockError, digest_of
from polcheck.packs.resolve import Resolver, Taken
from polcheck.packs.shipped import missing, read_pack, shipped_packs
from polcheck.packs.sign import Trust, Untrusted
from polcheck.packs.sources import Archive, FetchError, Folder, Git, Named, Oci, Source, SourceError, group_of, parse
from polcheck.packs.store import PackStore, StoreError
from polcheck.policy.pack_files import PackFiles

if TYPE_CHECKING:
    from polcheck.packs.installed import Installed

# NOTE: what fetches (git, http, entry points) is imported where it is needed: most runs find all packs at hand.


class Fetcher(Struct, dict=True):
    """Takes packs for one project.

    Sources in `fresh` (as `group_of` names them) are taken as they are now, others as `lock` has them; what it lacks is
    taken as it is now unless `strict`, and then a folder's pack may not have changed either. Where there is no lock at
    all (`unlocked`), what needs no fetching needs none. With `heal`, a damaged or unsigned copy in the cache is fetched
    again; `offline`, nothing is. Relative sources begin at `folder`.
    """

    folder: str
    cache: PackStore
    lock: Lock = field(default_factory=lambda: Lock({}))
    trust: Trust = field(default_factory=Trust)
    strict: bool = False
    offline: bool = False
    unlocked: bool = False
    heal: bool = False
    fresh: Container[str] = frozenset()
    _commits: dict[str, str] = field(default_factory=dict)
    _archives: dict[str, bytes] = field(default_factory=dict)

    def resolver(self) -> Resolver:
        """The resolver that opens packs and everything that they extend."""
        return Resolver(self.take, self.known)

    def source(self, text: str, *, by_name: bool = False) -> Source:
        """Return the source that a text means in polcheck.yaml or, `by_name`, on the command line.

        A name is that of a pack that ships or is installed, else of a folder, else of one that is locked. Raises
        PolicyError.
        """
        try:
            source = parse(text)
        except SourceError as error:
            raise PolicyError([Problem(error.message, help=error.help)]) from error
        record_dependency(Path(self.folder, text))
        if isinstance(source, Named) and not self.known(source.name) and is_folder(Path(self.folder, source.name)):
            return Folder(f"./{source.name}")
        named = self.lock.matching(text) if by_name and isinstance(source, Named) and not self.known(text) else ()
        return parse(named[0].source) if len(named) == 1 else source

    def known(self, name: str) -> bool:
        """Return whether a pack of this name ships with polcheck or is installed."""
        return name in shipped_packs() or name in self._installed

    @cached_property
    def _installed(self) -> dict[str, Installed]:
        from polcheck.packs.installed import installed_packs

        for folder in sys.path:
            record_dependency(folder)
        return installed_packs()

    def take(self, source: Source) -> Taken:
        """Return the pack from a source, without what it extends.

        Raises PolicyError, FetchError, CacheError, LockError and Untrusted: when there is none, it can't be had, isn't
        what it was, or isn't signed by whom it should be.
        """
        entry = self.lock.packs.get(str(source))
        if entry is not None and group_of(source) not in self.fresh:
            return self._as_locked(source, entry)
        if self.strict and (source.kept or not self.unlocked):
            text = f"`{source}` is not in polcheck.lock, and --locked forbids to change that"
            raise LockError(f"{text}\nhelp: run `polcheck pack lock` and commit polcheck.lock")
        taken = self.now(source)
        self._check_trust(source, taken.files)
        if source.kept:
            self.cache.put(taken.files)
        return taken

    def now(self, source: Source) -> Taken:
        """Return the pack from a source as it is now, whatever is locked or trusted. Raises PolicyError and
        FetchError.
        """
        if source.kept:
            self._check_online(source)
            record_unknown_dependency()
        if isinstance(source, Git):
            from polcheck.packs.git import pack_at

            commit = self._commit(source)
            return Taken(pack_at(source, commit), f"git:{commit}")
        if isinstance(source, Oci):
            from polcheck.packs.oci import Registry, pull

            digest = source.digest or Registry(source).manifest(source.tag)[0]
            return Taken(pull(source, digest), f"oci:{digest}")
        if isinstance(source, Archive):
            from polcheck.packs.archive import unpacked

            data = self._archive(source)
            return Taken(unpacked(data, str(source), source.subdirectory), f"archive:{digest_of(data)}")
        return self._here(source)

    def _here(self, source: Named | Folder) -> Taken:
        """Return a pack that needs no fetching."""
        if isinstance(source, Folder):
            return Taken(read_pack(Path(source.path), self.folder), "folder")
        if source.name in shipped_packs():
            return Taken(read_pack(source.name), f"shipped:polcheck=={VERSION}")
        if source.name not in self._installed:
            raise PolicyError([missing(source.name)])
        from polcheck.packs.installed import read_installed

        record_unknown_dependency()
        installed = self._installed[source.name]
        return Taken(read_installed(installed), f"installed:{installed.resolved}")

    def cached(self, source: Source, entry: Locked) -> PackFiles:
        """Return the pack as it is here, without fetching. Raises PolcheckError unless it is what the lock says."""
        if isinstance(source, Named | Folder):
            files = self._here(source).files
            self._check_trust(source, files)
        else:
            result = self._kept(source, entry)
            if result is None:
                raise StoreError(f"the pack `{entry.name}` is not in the cache\nhelp: `polcheck pack sync` fetches it")
            files = result
        _check_digest(files, entry)
        _check_said(files, entry)
        return files

    def _as_locked(self, source: Source, entry: Locked) -> Taken:
        if isinstance(source, Named | Folder):
            return self._here_as_locked(source, entry)
        files = self._kept(source, entry)
        if files is None:
            files = self._then(source, entry)
            _check_digest(files, entry)
            self._check_trust(source, files)
            self.cache.put(files)
        _check_said(files, entry)
        return Taken(files, entry.resolved)

    def _here_as_locked(self, source: Named | Folder, entry: Locked) -> Taken:
        taken = self._here(source)
        self._check_trust(source, taken.files)
        if isinstance(source, Folder) and not self.strict:
            return taken  # NOTE: a folder of the project changes with it; the lock follows
        _check_digest(taken.files, entry)
        _check_said(taken.files, entry)
        return replace(taken, resolved=entry.resolved)

    def _kept(self, source: Source, entry: Locked) -> PackFiles | None:
        """Return the pack as it lies in the cache; None when it isn't there, or has to be fetched again."""
        try:
            files = self.cache.get(entry.digest, entry.name, entry.source)
            if files is not None:
                self._check_trust(source, files)
        except (StoreError, Untrusted):
            if not self.heal:
                raise
            return None
        return files

    def _then(self, source: Git | Oci | Archive, entry: Locked) -> PackFiles:
        """Return the pack as it was when it was locked. Raises FetchError when it can't be had any more."""
        self._check_online(source)
        record_unknown_dependency()
        kind = {Git: "git", Oci: "oci", Archive: "archive"}[type(source)]
        if entry.kind != kind:
            raise LockError(f"polcheck.lock was changed by hand: `{source}` can't be `{entry.resolved}`")
        try:
            return self._fetched(source, entry)
        except FetchError as error:
            raise FetchError(f"the pack `{entry.name}` is not in the cache and can't be fetched: {error}") from error

    def _fetched(self, source: Git | Oci | Archive, entry: Locked) -> PackFiles:
        if isinstance(source, Git):
            from polcheck.packs.git import pack_at

            return pack_at(source, entry.at)
        if isinstance(source, Oci):
            from polcheck.packs.oci import pull

            return pull(source, entry.at)
        from polcheck.packs.archive import unpacked

        data = self._archive(source)
        if digest_of(data) != entry.at:
            raise _mismatch(entry, digest_of(data), entry.at)
        return unpacked(data, str(source), source.subdirectory)

    def _check_online(self, source: Source) -> None:
        """Raise FetchError where nothing is to be fetched."""
        if self.offline:
            help = "`polcheck pack lock` locks and stores it, `polcheck pack sync` stores what is locked"
            raise FetchError(f"`{source}` is not stored here, and is not fetched now\nhelp: {help}")

    def _commit(self, source: Git) -> str:
        """Return the commit of a repository's revision, one for all packs in it."""
        group = group_of(source)
        if group not in self._commits:
            from polcheck.packs.git import commit_of

            locked = None if group in self.fresh else self._locked_commit(group)
            self._commits[group] = locked or commit_of(source)
        return self._commits[group]

    def _locked_commit(self, group: str) -> str | None:
        return next((pack.at for text, pack in self.lock.packs.items() if _group(text) == group), None)

    def _archive(self, source: Archive) -> bytes:
        group = group_of(source)
        if group not in self._archives:
            from polcheck.packs.archive import archive_bytes

            self._archives[group] = archive_bytes(source, self.folder)
        return self._archives[group]

    def _check_trust(self, source: Source, files: PackFiles) -> None:
        """Raises Untrusted for a pack from elsewhere that isn't signed as it should be; before it is parsed."""
        if isinstance(source, Folder) or (isinstance(source, Named) and source.name in shipped_packs()):
            return
        if not self.trust.publishers:
            return
        from polcheck.packs.sign import verifies

        signature = self.trust.check(str(source), files.signatures, files.digest, verifies)
        if signature is None:
            return
        message = (signature.statement.name, signature.statement.version)
        if message != (files.name, files.text_under("version")):
            mine = f"`{files.name}` {files.text_under('version')}"
            raise Untrusted(
                f"the pack from `{source}` is signed as `{message[0]}` {message[1]}, and its pack.yaml names {mine}"
            )


def _group(text: str) -> str:
    try:
        return group_of(parse(text))
    except PolcheckError:
        return text


def _check_digest(files: PackFiles, entry: Locked) -> None:
    if files.digest != entry.digest:
        raise _mismatch(entry, files.digest, entry.digest)


def _mismatch(entry: Locked, found: str, wanted: str) -> LockError:
    text = f"the pack `{entry.name}` from `{entry.source}` is not what polcheck.lock says"
    help = f"`polcheck pack update {entry.name}` locks what is there now"
    return LockError(f"{text}: it has the digest {found}, and the lock says {wanted}\nhelp: {help}")


def _check_said(files: PackFiles, entry: Locked) -> None:
    """Raises LockError when the lock says of a pack what its own pack.yaml doesn't."""
    for key, result, wanted in (
        ("name", files.name, entry.name),
        ("version", files.text_under("version"), entry.version),
        ("license", files.license, entry.license),
    ):
        if result != wanted:
            text = f"polcheck.lock was changed by hand: the {key} of `{entry.source}` is `{result}`, not `{wanted}`"
            raise LockError(f"{text}\nhelp: remove its entry, and `polcheck pack lock` writes it anew")
