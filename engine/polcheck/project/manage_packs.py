"""Managing the packs of a project: add, remove, lock, fetch, update."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.errors import ConfigError, PolicyError, Problem
from polcheck.base.write import write_output
from polcheck.packs.lock import Lock, Locked, LockError
from polcheck.packs.sources import Archive, Folder, Source, SourceError, group_of, parse
from polcheck.policy.pack_files import PackFiles, label_of
from polcheck.project.config import find_config, read_config
from polcheck.project.edit import Packs, new_config
from polcheck.project.library import checker
from polcheck.project.model import ConfigFile, PackEntry
from polcheck.project.packs import PackRequest, ProjectPacks, lock_path, read_lock, reread, trust_of, write_lock

CONFIG_NAME = "polcheck.yaml"


class Change(Struct, frozen=True):
    """A lock before and after, and the packs that were opened, in the order in which they are named."""

    before: Lock
    after: Lock
    packs: tuple[PackFiles, ...]

    @property
    def lines(self) -> list[str]:
        """The changes, one line a pack."""
        before, after = self.before.packs, self.after.packs
        lines = []
        for source in sorted({*before, *after}, key=lambda text: (_name(before, after, text), text)):
            old, new = before.get(source), after.get(source)
            if old is None and new is not None:
                lines.append(f"+ {new.name} {new.version}  {new.source}  {_short(new)}")
            elif new is None and old is not None:
                lines.append(f"- {old.name} {old.version}  {old.source}")
            elif old is not None and new is not None and old != new:
                version = old.version if old.version == new.version else f"{old.version} -> {new.version}"
                lines.append(f"~ {new.name} {version}  {new.source}  {_short(old)} -> {_short(new)}")
        return lines


class PackProject(Struct, frozen=True, dict=True):
    """The configuration that names the packs, if there is one; with `strict`, its lock is not changed."""

    config_file: ConfigFile | None
    strict: bool
    today: date

    @classmethod
    def at(cls, config: str | None, *, strict: bool, today: date) -> PackProject:
        """Return the project around the working directory, or of the configuration in a file. Raises ConfigError."""
        config_file = find_config(".") if config is None else read_config(config)
        if config is not None and config_file is None:
            raise ConfigError([Problem(f"`{config}` has no table [tool.polcheck]")])
        return cls(config_file, strict, today)

    @property
    def folder(self) -> str:
        """The folder of the lock file, at which relative paths begin."""
        return self.config_file.folder if self.config_file else str(Path.cwd())

    @property
    def entries(self) -> tuple[PackEntry, ...]:
        """The packs that the configuration names."""
        return self.config_file.packs if self.config_file else ()

    @cached_property
    def lock(self) -> Lock:
        """The lock as it is; empty where there is none. Raises LockError when it can't be used."""
        return read_lock(self.folder) or Lock({})

    def locked(self) -> tuple[Locked, ...]:
        """Return the packs of the lock, in its order. Raises LockError when it holds none."""
        if not self.lock.packs:
            raise LockError("no pack is locked\nhelp: `polcheck pack lock` locks those of polcheck.yaml")
        return tuple(self.lock.packs.values())

    def opener(self, *, heal: bool = False, fresh: Collection[str] = ()) -> ProjectPacks:
        """Return the opener of the project's packs, from the lock except for those in `fresh`."""
        trust = trust_of(self.config_file, self.today)
        requested = PackRequest(self.folder, strict=self.strict, heal=heal, fresh=frozenset(fresh), trust=trust)
        return ProjectPacks.of(requested)

    def add(self, text: str) -> Change:
        """Names one more pack in the configuration, which is made where there is none, and locks and fetches it.

        Raises PolcheckError when the pack is there already, can't be had or used, or may not be added.
        """
        self._check_may_change("add a pack")
        opener = self.opener()
        source = self._seen_from_folder(opener.fetcher.source(text))
        if str(source) in self._sources(opener):
            raise ConfigError([Problem(f"{self._config_name} names `{source}` already")])
        opened = [opener.resolver.open(one) for one in (*self._sources(opener).values(), source)]
        checker(opened[-1])  # NOTE: what can't be used here is not added
        after = opener.resolver.lock()
        path, new_text = self._with(str(source))
        change = Change(self.lock, after, tuple(opened))
        # NOTE: the lock first: should the configuration not follow, it says more than is needed and nothing wrong
        write_lock(self.folder, after)
        write_output(path, new_text)
        return change

    def remove(self, name: str) -> Change:
        """Takes a pack out of the configuration, by its name or source, and out of the lock.

        Raises ConfigError when it isn't there.
        """
        self._check_may_change("remove a pack")
        opener = self.opener()
        keys = [str(opener.fetcher.source(entry.source)) for entry in self.entries]
        candidates = {name, self._key(name), *(pack.source for pack in self.lock.matching(name))}
        matching = [
            n
            for n, (key, entry) in enumerate(zip(keys, self.entries, strict=True))
            if candidates & {key, entry.source} or name in self._labels(key, entry)
        ]
        if len(matching) > 1:
            labels = " or ".join(f"`{label_of(name, self.entries[n].root)}`" for n in matching)
            raise ConfigError([Problem(f"{self._config_name} names `{name}` more than once", help=f"say {labels}")])
        if not matching or self.config_file is None:
            names = sorted({pack.name for pack in self.lock.packs.values() if pack.source in keys} | set(keys))
            help = f"it names {', '.join(f'`{one}`' for one in names)}" if names else ""
            raise ConfigError([Problem(f"{self._config_name} names no pack `{name}`", help=help)])
        (index,) = matching
        text = self._editable.without(index)
        rest = [key for n, key in enumerate(keys) if n != index]
        after = self._pruned(rest)
        self._check_edited(text, [entry.source for n, entry in enumerate(self.entries) if n != index])
        write_output(self.config_file.path, text)
        if read_lock(self.folder) is not None:
            write_lock(self.folder, after)
        return Change(self.lock, after, ())

    def _labels(self, key: str, entry: PackEntry) -> set[str]:
        """Return what an entry about one folder can be called: its pack with the folder, as reports do."""
        names = {entry.source, *(pack.name for pack in self.lock.packs.values() if pack.source == key)}
        return {label_of(name, entry.root) for name in names} if entry.root else set()

    def settle(self, *, heal: bool = False) -> Change:
        """Opens every pack, fetching what is missing, and makes the lock say which they are, and nothing else.

        Raises LockError when the lock would have to change and must not.
        """
        return self._settled(self.opener(heal=heal))

    def update(self, names: Sequence[str] = (), *, dry: bool = False) -> Change:
        """Takes packs and what they extend as they are now: all of them, or those with these names or sources.

        With `dry`, the lock stays as it is. Raises LockError for a name that isn't locked, or when the lock may not
        change.
        """
        if not dry:
            self._check_may_change("update packs")
        fresh = {_group(pack.source) for pack in self.locked_packs(names)}
        unbound = replace(self, strict=False)
        return unbound._settled(unbound.opener(fresh=fresh), dry=dry)

    def _settled(self, opener: ProjectPacks, *, dry: bool = False) -> Change:
        if not self.entries:
            raise ConfigError([Problem(f"{self._config_name} names no pack", help="`polcheck pack add SOURCE` does")])
        opened = tuple(opener.resolver.open(source) for source in self._sources(opener).values())
        after = opener.resolver.lock()
        if after.packs == self.lock.packs or dry:
            return Change(self.lock, after, opened)
        if self.strict:
            text = f"{lock_path(self.folder)} is out of date, and --locked forbids to change it"
            raise LockError(f"{text}\nhelp: run `polcheck pack lock` and commit it")
        write_lock(self.folder, after)
        return Change(self.lock, after, opened)

    def locked_packs(self, names: Sequence[str]) -> list[Locked]:
        """Return the locked packs with these names or sources and everything that they extend; all of them for no
        name.
        """
        if not names:
            return list(self.lock.packs.values())
        results: dict[str, Locked] = {}
        for name in names:
            own = self.lock.matching(name)
            if not own:
                help = "`polcheck pack list` shows what is locked"
                raise LockError(f"no pack `{name}` is locked\nhelp: {help}")
            results |= self._pruned([pack.source for pack in own]).packs
        return list(results.values())

    def _pruned(self, sources: Iterable[str]) -> Lock:
        """Return the lock without the entries that these sources don't need."""
        results: dict[str, Locked] = {}
        waiting = list(sources)
        while waiting:
            source = waiting.pop()
            pack = self.lock.packs.get(source)
            if pack is not None and source not in results:
                results[source] = pack
                waiting += pack.extends
        return Lock.of(results.values())

    @property
    def sources(self) -> tuple[str, ...]:
        """The packs of the configuration, as the lock calls them. Raises ConfigError for a bad one."""
        return tuple(self._sources(self.opener()))

    def _sources(self, opener: ProjectPacks) -> dict[str, Source]:
        """Return the sources of the configuration's packs, each by how the lock calls it. Raises ConfigError for a
        bad one.
        """
        results: dict[str, Source] = {}
        for entry in self.entries:
            try:
                source = opener.fetcher.source(entry.source)
            except PolicyError as error:
                config_file = self.config_file
                assert config_file is not None  # INVARIANT: entries come from it
                raise ConfigError(config_file.problem(entry.at, p.message, p.help) for p in error.problems) from error
            results[str(source)] = source
        return results

    @property
    def _config_name(self) -> str:
        return self.config_file.path if self.config_file else CONFIG_NAME

    def _check_may_change(self, what: str) -> None:
        if self.strict:
            raise LockError(f"--locked forbids to {what}\nhelp: --no-locked allows it, where CI is set, too")

    def _seen_from_folder(self, source: Source) -> Source:
        """Return a source whose relative path begins at the configuration's folder and not at the working directory."""
        if isinstance(source, Folder) and not source.path.startswith("/"):
            return _parsed(os.path.relpath(source.path, self.folder), folder=True)
        if isinstance(source, Archive) and not source.url and not source.location.startswith("/"):
            return replace(source, location=str(_parsed(os.path.relpath(source.location, self.folder), folder=False)))
        return source

    def _key(self, text: str) -> str:
        """Return the lock's key for a source as written here; the text itself where it names no source."""
        try:
            return str(self._seen_from_folder(parse(text)))
        except SourceError:
            return text

    @property
    def _editable(self) -> Packs:
        assert self.config_file is not None  # INVARIANT: asked only where there is one
        return Packs(self.config_file.origin, self.config_file.base, len(self.entries))

    def _with(self, source: str) -> tuple[str, str]:
        """Return the configuration's path, and its text with one more pack."""
        if self.config_file is None:
            return str(Path(self.folder, CONFIG_NAME)), new_config(source)
        text = self._editable.with_source(source)
        self._check_edited(text, [*(entry.source for entry in self.entries), source])
        return self.config_file.path, text

    def _check_edited(self, text: str, wanted: list[str]) -> None:
        """Raises ConfigError when the edited text doesn't name just these packs and leave all else as it was."""
        assert self.config_file is not None  # INVARIANT: asked only where there is one
        again = reread(self.config_file, text)
        same = again is not None and replace(self.config_file, origin=again.origin, packs=again.packs) == again
        if again is None or not same or [entry.source for entry in again.packs] != wanted:
            help = "change `packs` in it by hand, and run `polcheck pack lock`"
            raise ConfigError([Problem(f"{self.config_file.path} can't be changed by polcheck", help=help)])


def _parsed(path: str, *, folder: bool) -> Source:
    plain = path.replace(os.sep, "/")
    dotted = plain if plain.startswith(".") else f"./{plain}"
    return Folder(dotted) if folder else Archive(dotted)


def _group(text: str) -> str:
    return group_of(parse(text))


def _name(before: Mapping[str, Locked], after: Mapping[str, Locked], text: str) -> str:
    return (after.get(text) or before[text]).name


def _short(pack: Locked) -> str:
    """Return a short form of a pack's revision: the commit, the digest of the manifest, else of the content."""
    text = pack.at if pack.kind in ("git", "oci") else pack.digest
    return text.removeprefix("sha256:")[:12]
