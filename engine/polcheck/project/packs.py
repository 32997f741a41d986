"""Opening the packs of a project as locked in polcheck.lock, and reading and writing the lock."""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from polcheck.base.errors import ConfigError, PolcheckError, Problem
from polcheck.base.paths import display_path
from polcheck.base.reader import read_bytes, read_text
from polcheck.base.safe_open import reason_of
from polcheck.base.spans import Source
from polcheck.base.write import write_output
from polcheck.packs.lock import LOCK_NAME, Lock, LockError, parse
from polcheck.packs.resolve import Resolver
from polcheck.packs.shipped import data_folder, pack_at_hand
from polcheck.packs.sign import Publisher, Trust, is_key, public_keys
from polcheck.packs.store import PackStore
from polcheck.policy.pack_files import PackFiles

if TYPE_CHECKING:
    from polcheck.packs.fetch import Fetcher
    from polcheck.project.model import ConfigFile

_MOST_BYTES = 4 * 1024 * 1024


class PackRequest(Struct, frozen=True):
    """How the packs of a project are to be opened.

    `folder` is where its relative paths begin, and where its lock is; without one there is no lock. With `strict` the
    lock is not changed. Sources in `fresh` are taken as they are now; with `heal`, what is damaged in the cache is
    fetched again; without `fetch`, nothing is. `own` is whether the packs are those that the project's configuration
    names: the lock follows these alone.
    """

    folder: str | None = None
    strict: bool = False
    fetch: bool = True
    own: bool = True
    heal: bool = False
    fresh: Container[str] = frozenset()
    trust: Trust = field(default_factory=Trust)


class ProjectPacks(Struct, frozen=True):
    """The packs of one project as they are opened one after another."""

    request: PackRequest
    before: Lock | None
    fetcher: Fetcher
    resolver: Resolver

    @classmethod
    def of(cls, request: PackRequest) -> ProjectPacks:
        """Return what opens packs. Raises LockError when there is a polcheck.lock that can't be used."""
        from polcheck.packs.fetch import Fetcher  # NOTE: what fetches takes a tenth of a second to import

        before = read_lock(request.folder) if request.folder is not None else None
        lock = before or Lock({})
        if not request.own:
            lock = Lock({text: pack for text, pack in lock.packs.items() if pack.kind != "folder"})
        fetcher = Fetcher(
            folder=request.folder if request.folder is not None and request.own else "",
            cache=PackStore.of_user(),
            lock=lock,
            trust=request.trust,
            strict=request.strict,
            offline=not request.fetch,
            unlocked=before is None or not request.own,
            heal=request.heal,
            fresh=request.fresh,
        )
        return cls(request, before, fetcher, fetcher.resolver())

    def open(self, text: str) -> PackFiles:
        """Return the pack that a text names, with what it extends.

        Raises PolicyError when there is none, and PolcheckError when it can't be had or isn't what is locked.
        """
        return self.resolver.open(self.fetcher.source(text, by_name=not self.request.own))

    def changed(self) -> Lock | None:
        """Return the lock with what was opened, where that isn't in it yet; None where it is, or nothing needs a
        lock.

        Raises LockError when the lock would change and must not, and PolicyError when two packs have one name.
        """
        if not self.request.own or self.request.folder is None or (self.before is None and not self.resolver.fetched):
            return None
        before = self.before or Lock({})
        after = self.resolver.lock()
        stale = [pack for text, pack in after.packs.items() if before.packs.get(text) != pack]
        if not stale:
            return None
        if self.request.strict:
            names = ", ".join(f"`{pack.name}`" for pack in stale)
            text = f"polcheck.lock is out of date for {names}, and --locked forbids to change it"
            raise LockError(f"{text}\nhelp: run `polcheck pack lock` and commit polcheck.lock")
        return Lock.of({**before.packs, **after.packs}.values())


def read_pack(name_or_path: str | Path) -> PackFiles:
    """Return the pack that ships or is installed under this name, or is in the folder at this path, with what it
    extends.

    Anything else that names a pack, and what a pack extends, is as the polcheck.lock of the working directory's project
    has it. Raises PolicyError when there is no such pack, and PolcheckError when it can't be had.
    """
    result = pack_at_hand(name_or_path)
    if result is not None:
        return result
    text = str(name_or_path)
    from polcheck.project.config import find_config

    config = find_config(".")
    folder = config.folder if config else None
    trust = trust_of(config, datetime.now(UTC).date())
    return ProjectPacks.of(PackRequest(folder, strict=True, own=False, trust=trust)).open(text)


def lock_path(folder: str) -> str:
    """Return the path of a folder's lock file as shown to people."""
    return display_path(str(Path(folder, LOCK_NAME)))


def read_lock(folder: str) -> Lock | None:
    """Return the lock of the project in a folder; None when it has none. Raises LockError when it can't be used."""
    path = lock_path(folder)
    try:
        data = read_bytes(path, _MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LockError(f"{path} can't be read: {reason_of(error)}") from error
    if len(data) > _MOST_BYTES:
        raise LockError(f"{path} is too large: over {_MOST_BYTES} bytes")
    return parse(data, path)


def write_lock(folder: str, lock: Lock) -> str:
    """Writes the lock of the project in a folder, whole or not at all; its path. Raises PolcheckError."""
    path = lock_path(folder)
    write_output(path, lock.text())
    return path


def reread(config_file: ConfigFile, text: str) -> ConfigFile | None:
    """Return the configuration that another text of its file would be. Raises ConfigError when it could not be used."""
    from polcheck.project.config import read

    schema = read_text(data_folder() / "schemas" / "config.yaml")
    return read(Source(config_file.path, text.encode("utf-8", "surrogatepass")), config_file.folder, schema)


def trust_of(config_file: ConfigFile | None, today: date) -> Trust:
    """Return the publishers trusted today by a configuration, with their keys read from the files that hold them.

    Raises ConfigError for a key that is none.
    """
    results = []
    for publisher in config_file.trusted if config_file else ():
        folder = config_file.folder if config_file else ""
        keys = tuple(key for text in publisher.keys for key in keys_of(text, folder))
        expires = date.fromisoformat(publisher.expires) if publisher.expires else None
        results.append(Publisher(publisher.packs, keys, expires))
    return Trust(tuple(results), today)


def keys_of(text: str, folder: str) -> tuple[str, ...]:
    """Return the public keys that a text is, or that the file holds which it names, seen from `folder`. Raises
    ConfigError.
    """
    try:
        if is_key(text):
            return public_keys(text, "`trusted`")
        path = Path(folder, Path(text).expanduser())
        return public_keys(read_bytes(path, _MOST_BYTES).decode("utf-8", "replace"), display_path(str(path)))
    except (OSError, ValueError, RuntimeError) as error:
        reason = reason_of(error) if isinstance(error, OSError | ValueError) else str(error)
        help = "write a public key, as `ssh-ed25519 AAAA…`, or a file that holds some"
        problem = Problem(f"the key `{text[:60]}` of `trusted` can't be read: {reason}", help=help)
        raise ConfigError([problem]) from error
    except PolcheckError as error:
        raise ConfigError([Problem(str(error))]) from error
