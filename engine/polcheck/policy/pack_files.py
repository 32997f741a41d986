"""The files of packs, and the schemas that they are checked against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.spans import Source
from polcheck.formats.values import Json
from polcheck.policy.origin import Problems, SourceMap, read

if TYPE_CHECKING:
    from polcheck.formats.values import Json
    from polcheck.policy.origin import SourceMap


def label_of(name: str, scope: str) -> str:
    """Return the name in a run of a pack that is about the folder `scope` of the project."""
    return f"{name}@{scope}" if scope else name


def unrooted(name: str) -> str:
    """Return the name of a pack, or of a policy of it, without the folder that the pack is about.

    `house@backend:no-print` is `house:no-print`: names of packs and policies hold neither `@` nor `:`.
    """
    pack, at, rest = name.partition("@")
    if not at:
        return name
    _, colon, policy = rest.rpartition(":")
    return f"{pack}{colon}{policy}" if colon else pack


def policy_names(pack: str, policy: str) -> tuple[str, ...]:
    """Return what a policy of a run's pack can be called: its id, and `pack:id` with and without the pack's folder."""
    return (policy, *dict.fromkeys((f"{pack}:{policy}", f"{unrooted(pack)}:{policy}")))


class PackFiles(Struct, frozen=True, dict=True):
    """The files of one pack as they lie in its folder; `root` is how people call that folder.

    `signatures` are what lies in its `pack.sig`, which is not among the files. `bases` are the packs that it extends,
    by the texts with which its pack.yaml names them, `used` those whose selectors and tables it uses, likewise.
    `shipped`: it is a part of polcheck, and no stranger's. `scope` is the folder of the project that the pack is about,
    as seen from the configuration; empty for all of it.
    """

    root: str
    files: Mapping[str, bytes]
    source: str = ""
    signatures: bytes = b""
    bases: Mapping[str, PackFiles] = field(default_factory=dict)
    shipped: bool = False
    scope: str = ""
    used: Mapping[str, PackFiles] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """`sha256:` and 64 hex digits over the paths and contents of every file."""
        total = hashlib.sha256()
        for path in sorted(self.files):
            name = path.encode("utf-8", "surrogateescape")
            total.update(len(name).to_bytes(8, "big") + name + hashlib.sha256(self.files[path]).digest())
        return f"sha256:{total.hexdigest()}"

    @cached_property
    def identity(self) -> str:
        """A digest over the files, those of every pack that it extends, and the folder that it is about."""
        parts = [self.digest, *(f"{text}\n{base.identity}" for text, base in sorted(self.bases.items()))]
        parts += [f"used {text}\n{pack.identity}" for text, pack in sorted(self.used.items())]
        parts += [self.scope] if self.scope else []
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def without_tests(self) -> PackFiles:
        """Return the pack and what it extends without their cases: what it takes to compile them, and less to send."""
        files = {path: data for path, data in self.files.items() if not path.startswith("tests/")}
        bases = {text: base.without_tests() for text, base in self.bases.items()}
        return replace(self, files=files, bases=bases)

    @cached_property
    def digest_in_run(self) -> str:
        """The digest of what the pack's policies are made of: its files, and the packs that it uses."""
        if not self.used:
            return self.digest
        parts = [self.digest, *(f"{text}\n{pack.identity}" for text, pack in sorted(self.used.items()))]
        return f"sha256:{hashlib.sha256(chr(10).join(parts).encode('utf-8', 'surrogateescape')).hexdigest()}"

    def mentions(self, text: str) -> bool:
        """Return whether a text stands in a YAML file of the pack."""
        word = text.encode()
        return any(word in data for path, data in self.files.items() if path.endswith((".yaml", ".yml")))

    @property
    def exporters(self) -> dict[str, PackFiles]:
        """The packs whose exported selectors and tables it can use, by name: those that it uses and extends."""
        return {pack.name: pack for pack in (*self.bases.values(), *self.used.values())}

    @property
    def exporters_in_reach(self) -> tuple[PackFiles, ...]:
        """The packs that it uses and extends, and those that these use and extend."""
        own = (*self.bases.values(), *self.used.values())
        return (*own, *(inner for pack in own for inner in pack.exporters_in_reach))

    @cached_property
    def head(self) -> SourceMap | None:
        """pack.yaml, whatever its shape; None when it can't be read."""
        if "pack.yaml" not in self.files:
            return None
        source = self.source_of("pack.yaml")
        return _head_in(source.path, source.data)

    @property
    def name(self) -> str:
        """The pack's name as its pack.yaml says it; empty when that can't be read."""
        return self.text_under("name")

    @property
    def label(self) -> str:
        """The pack's name in a run: with the folder that it is about, as `house@backend`."""
        return label_of(self.name, self.scope)

    def rooted(self, folder: str) -> PackFiles:
        """Return the pack, and what it extends, about one folder of the project; about all of it for an empty text."""
        if folder == self.scope:
            return self
        return replace(self, scope=folder, bases={text: base.rooted(folder) for text, base in self.bases.items()})

    def text_under(self, key: str) -> str:
        """Return the text under a key of pack.yaml; empty when there is none."""
        value = self._under(key)
        return value if isinstance(value, str) else ""

    @property
    def license(self) -> str:
        """The license of the pack, under `license` or its old spelling `licence`; empty when there is none."""
        return self.text_under("license") or self.text_under("licence")

    @property
    def fits(self) -> tuple[str, ...]:
        """Path patterns of the files that the pack is for, the most telling first, as its pack.yaml says them."""
        return self._texts("fits")

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of its profiles, as its pack.yaml says them."""
        return self._texts("profiles")

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self._under(key)
        return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list | dict) else ()

    def _under(self, key: str) -> Json:
        document = self.head.document if self.head else None
        return document.get(key) if isinstance(document, dict) else None

    def source_of(self, path: str) -> Source:
        """Return one file, under the path by which people find it."""
        return Source(f"{self.root}/{path}" if self.root else path, self.files[path])

    def below(self, folder: str, endings: tuple[str, ...]) -> list[str]:
        """Return the paths in `folder` that have one of the endings, sorted."""
        return sorted(path for path in self.files if path.startswith(folder + "/") and path.endswith(endings))


@lru_cache(maxsize=8)
def _head_in(path: str, data: bytes) -> SourceMap | None:
    """Return the first document of a pack.yaml; None when it can't be read."""
    return next(read(Source(path, data), Problems()), None)


def every_pack(packs: Iterable[PackFiles]) -> Iterator[PackFiles]:
    """Yield the packs and those that they extend and use."""
    for pack in packs:
        yield pack
        yield from every_pack((*pack.bases.values(), *pack.used.values()))


class Schemas(Struct, frozen=True):
    """The texts of the schemas that shapes are checked with."""

    policy: str
    pack: str
    tests: str = ""

    @property
    def text(self) -> str:
        """The schemas of policies and packs as one YAML mapping."""
        return self.policy + "\n" + self.pack
