"""Resolving sources to packs, each with everything that it extends, once, and to their lock entries."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.errors import PolicyError, Problem
from polcheck.packs.lock import Lock, Locked
from polcheck.packs.sources import Named, Source, SourceError, joined, parse
from polcheck.policy.extension import Extension, UsedPack, extensions, used_packs
from polcheck.policy.pack_files import PackFiles

_DEEPEST = 20
_MOST = 200


class Taken(Struct, frozen=True):
    """A pack that was read, without those that it extends, and what its source was then (as in the lock)."""

    files: PackFiles
    resolved: str


class _Opened(Struct, frozen=True):
    files: PackFiles
    resolved: str
    children: tuple[str, ...]


class Resolver(Struct):
    """Opens packs and what they extend. `take` reads one pack; `known` says whether a name is that of a pack."""

    take: Callable[[Source], Taken]
    known: Callable[[str], bool]
    _opened: dict[str, _Opened] = field(default_factory=dict)

    def open(self, source: Source, by: tuple[str, ...] = ()) -> PackFiles:
        """Return the pack from a source, with everything that it extends; `by` are the sources that led here.

        Raises PolicyError when packs extend each other in a cycle or none is where one should be, and whatever
        `take` raises.
        """
        key = str(source)
        if key in self._opened:
            return self._opened[key].files
        self._check(key, by)
        taken = self.take(source)
        children: dict[str, str] = {}
        bases: dict[str, PackFiles] = {}
        for extension in extensions(taken.files):
            child = self._child(source, extension)
            children[extension.pack] = str(child)
            bases[extension.pack] = self.open(child, (*by, key))
        used: dict[str, PackFiles] = {}
        for entry in used_packs(taken.files):
            child = self._child(source, entry)
            children[entry.pack] = str(child)
            used[entry.pack] = self.open(child, (*by, key))
        files = replace(taken.files, bases=bases, used=used) if bases or used else taken.files
        self._opened[key] = _Opened(files, taken.resolved, tuple(children.values()))
        return files

    @property
    def fetched(self) -> bool:
        """Whether something was opened that isn't at hand by itself."""
        return any(parse(key).kept for key in self._opened)

    def lock(self) -> Lock:
        """Return a lock of the opened packs. Raises PolicyError when two packs have one name."""
        packs = [_locked(opened, key) for key, opened in self._opened.items()]
        named: dict[str, Locked] = {}
        for pack in packs:
            other = named.setdefault(pack.name, pack)
            if other.digest != pack.digest:
                where = f"{other.version} from `{other.source}` and {pack.version} from `{pack.source}`"
                help = "have all who extend it use one version"
                raise PolicyError([Problem(f"two packs are called `{pack.name}`: {where}", help=help)])
        return Lock.of(packs)

    def _check(self, key: str, by: tuple[str, ...]) -> None:
        if key in by:
            circle = " extends ".join(f"`{text}`" for text in (*by[by.index(key) :], key))
            raise PolicyError([Problem(f"packs extend each other in a cycle: {circle}")])
        if len(by) > _DEEPEST or len(self._opened) > _MOST:
            what = f"more than {_DEEPEST} deep" if len(by) > _DEEPEST else f"to more than {_MOST} packs"
            raise PolicyError([Problem(f"packs extend each other {what}: `{by[0] if by else key}`")])

    def _child(self, parent: Source, extension: Extension | UsedPack) -> Source:
        try:
            child = joined(parent, extension.pack)
        except SourceError as error:
            raise PolicyError([_placed(extension, error.message, error.help)]) from error
        if isinstance(child, Named) and not self.known(child.name):
            help = "install the distribution that provides it; a folder beside the pack is `../name`"
            raise PolicyError([_placed(extension, f"there is no pack `{child}`", help)])
        return child


def _placed(extension: Extension | UsedPack, message: str, help: str) -> Problem:
    from polcheck.policy.origin import Problems

    problems = Problems()
    replace(extension.origin, problems=problems).error(extension.at, message, help)
    return problems.reported[0]


def _locked(opened: _Opened, source: str) -> Locked:
    files = opened.files
    return Locked(
        name=files.name,
        version=files.text_under("version"),
        source=source,
        resolved=opened.resolved,
        digest=files.digest,
        license=files.license,
        extends=opened.children,
    )
