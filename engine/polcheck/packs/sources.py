"""Parsing pack sources: names, folders, git repositories, registries and archives."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.errors import PolcheckError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9a-fA-F:]+\](?::\d{1,5})?")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_SUBDIRECTORY = "subdirectory="


class SourceError(PolcheckError):
    """A text that names no source of packs; `help` says what would."""

    def __init__(self, message: str, help: str = "") -> None:
        self.message = message
        self.help = help
        super().__init__(f"{message}\nhelp: {help}" if help else message)


class FetchError(PolcheckError):
    """Raised when a source doesn't give what it should."""


class Named(Struct, frozen=True):
    """A pack that ships with polcheck, or that an installed distribution brings."""

    name: str
    local = True
    kept = False

    def __str__(self) -> str:
        return self.name


class Folder(Struct, frozen=True):
    """A folder, seen from the project's own (or absolute)."""

    path: str
    local = True
    kept = False

    def __str__(self) -> str:
        return self.path


class Git(Struct, frozen=True):
    """A folder of a git repository at a branch, tag or commit; without `rev` where its HEAD is."""

    url: str
    rev: str = ""
    subdirectory: str = ""
    kept = True

    @property
    def local(self) -> bool:
        """Whether the repository is on this machine."""
        return self.url.startswith("file:") or is_loopback(urlsplit(self.url).hostname or "")

    def __str__(self) -> str:
        rev = f"@{self.rev}" if self.rev else ""
        return f"git+{self.url}{rev}{_fragment(self.subdirectory)}"


class Oci(Struct, frozen=True):
    """A pack in an OCI registry, by tag or by the digest of its manifest."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""
    kept = True

    @property
    def local(self) -> bool:
        """Whether the registry is on this machine."""
        return is_loopback(_hostname(self.host))

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"oci://{self.host}/{self.repository}{tag}{digest}"


class Archive(Struct, frozen=True):
    """A .zip or .tar.* file, at a path or a URL."""

    location: str
    subdirectory: str = ""
    kept = True

    @property
    def url(self) -> bool:
        """Whether it's fetched and not read."""
        return _is_url(self.location)

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        return not self.url or is_loopback(urlsplit(self.location).hostname or "")

    def __str__(self) -> str:
        return f"{self.location}{_fragment(self.subdirectory)}"


# `local` says that it's on this machine, where a pack from elsewhere has no business; `kept`, that what was fetched of
# it lies in the cache.
Source = Named | Folder | Git | Oci | Archive


def parse(text: str) -> Source:
    """Return the source that a text names. Raises SourceError when it names none."""
    if not text.strip() or text != text.strip() or any(ord(char) < 32 for char in text):
        raise SourceError(f"`{text!a}` is not a source of packs" if text else "the source is empty")
    if text.startswith("git+"):
        return _git(text)
    if text.startswith("oci://"):
        return _oci(text)
    location, _, fragment = text.partition("#")
    if _is_url(text):
        return _url(text)
    if "://" in text:
        raise SourceError(f"`{text}` is not a source of packs", "one of git+https://, git+ssh://, oci://, https://")
    if location.lower().endswith(_ARCHIVES):
        return Archive(_plain(location), _subdirectory(text, fragment))
    if _NAME.fullmatch(text):
        return Named(text)
    return Folder(_plain(text))


def joined(parent: Source, text: str) -> Source:
    """Return the source that a text means in the pack.yaml of a pack from `parent`.

    Relative paths begin at that pack. Raises SourceError for a text that is no source, and for a place on this machine
    when `parent` is not on it: a pack from elsewhere has no business there.
    """
    child = parse(text)
    if isinstance(child, Folder):
        return _folder_below(parent, child)
    if isinstance(child, Archive) and not child.url and isinstance(parent, Folder):
        return child if child.location.startswith("/") else replace(child, location=_within(parent, child.location))
    outside = isinstance(parent, Named) or not parent.local
    if outside and child.local and not isinstance(child, Named):
        raise SourceError(f"`{parent}` extends `{child}`, which is on this machine: a pack from elsewhere can't")
    if isinstance(child, Archive) and not child.url:
        raise SourceError(f"`{parent}` extends the file `{child}`: only a pack in a folder can")
    return child


def _folder_below(parent: Source, child: Folder) -> Source:
    if isinstance(parent, Folder):
        return child if child.path.startswith("/") else Folder(_within(parent, child.path))
    if isinstance(parent, Git | Archive) and not child.path.startswith("/"):
        below = posixpath.normpath(posixpath.join(parent.subdirectory, child.path))
        if below == ".." or below.startswith("../"):
            raise SourceError(f"`{parent}` extends `{child}`, which is outside of it")
        return replace(parent, subdirectory="" if below == "." else below)
    raise SourceError(
        f"`{parent}` extends the folder `{child}`: a pack from elsewhere can't",
        "publish that pack, too, and extend it by name, git+https:// or oci://",
    )


def _within(parent: Folder, path: str) -> str:
    return _plain(posixpath.join(parent.path, path))


def _plain(path: str) -> str:
    """Return a path in its shortest form; a relative one begins with a dot, so that it's never taken for a name."""
    short = posixpath.normpath(path.replace("\\", "/"))
    return short if short.startswith(("/", "../")) or short in (".", "..") else f"./{short}"


def _git(text: str) -> Git:
    url, _, fragment = text.removeprefix("git+").partition("#")
    parts = _split(text, url)
    if parts.scheme not in ("https", "http", "ssh", "file"):
        raise SourceError(f"`{text}` is not a source of packs", "write git+https://, git+ssh:// or git+file://")
    _check_plain_http(parts, text)
    path, at, rev = parts.path.rpartition("@")
    if not at:
        path, rev = rev, ""
    if not path.strip("/") or (at and not rev) or rev.startswith("-"):
        raise SourceError(f"`{text}` names no repository" if not path.strip("/") else f"`{text}` has no revision")
    if parts.scheme != "file" and not parts.hostname:
        raise SourceError(f"`{text}` names no host")
    return Git(urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")), rev, _subdirectory(text, fragment))


def _oci(text: str) -> Oci:
    host, _, rest = text.removeprefix("oci://").partition("/")
    name, at, digest = rest.partition("@")
    repository, _, tag = name.partition(":")
    if not _HOST.fullmatch(host) or not _REPOSITORY.fullmatch(repository):
        raise SourceError(f"`{text}` names no repository of a registry", "write oci://host/name:tag")
    if (":" in name and not _TAG.fullmatch(tag)) or (at and not _DIGEST.fullmatch(digest)):
        raise SourceError(f"`{text}` has neither a tag nor a digest", "write oci://host/name:tag or …@sha256:…")
    return Oci(host, repository, tag if tag or at else "latest", digest)


def _url(text: str) -> Archive:
    url, _, fragment = text.partition("#")
    parts = _split(text, url)
    _check_plain_http(parts, text)
    if not parts.path.lower().endswith(_ARCHIVES):
        known = ", ".join(_ARCHIVES)
        raise SourceError(f"`{text}` is not an archive", f"one of {known}; a repository is git+https://…")
    return Archive(urlunsplit(parts), _subdirectory(text, fragment))


def _split(text: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise SourceError(f"`{text}` is not a URL: {str(error).lower()}") from error
    if parts.password is not None:
        # NOTE: the text goes into polcheck.yaml, polcheck.lock and every report.
        raise SourceError("a password has no place in a source", "let git or docker keep it, who ask their helpers")
    return parts


def _check_plain_http(parts: SplitResult, text: str) -> None:
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise SourceError(f"`{text}` is not encrypted", "write https://; plain http is for this machine alone")


def _subdirectory(text: str, fragment: str) -> str:
    if not fragment:
        return ""
    path = fragment.removeprefix(_SUBDIRECTORY).strip("/")
    below = posixpath.normpath(path)
    if not fragment.startswith(_SUBDIRECTORY) or not path or below.startswith("..") or "\\" in path:
        raise SourceError(f"`{text}` has no folder after `#`", "write #subdirectory=folder")
    return "" if below == "." else below


def _fragment(subdirectory: str) -> str:
    return f"#{_SUBDIRECTORY}{subdirectory}" if subdirectory else ""


def _is_url(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def _hostname(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""


def is_loopback(hostname: str) -> bool:
    """Return whether a host is this machine by its very name."""
    if hostname == "localhost":
        return True
    from ipaddress import ip_address

    try:
        return ip_address(hostname).is_loopback
    except ValueError:
        return False


def group_of(source: Source) -> str:
    """Return the key of sources that are fetched together: at one commit, or in one file."""
    if isinstance(source, Git | Archive):
        return str(replace(source, subdirectory=""))
    return str(source)
