"""Packs in OCI registries: pulled by digest, pushed under a tag.

NOTE: `oras` takes a changed manifest or blob for the one that was asked for by digest, and needs `requests` and
`jsonschema`; what a pack needs of a registry is five requests. Every digest is checked here, in both directions.
"""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from msgspec import Struct

from polcheck.base.errors import PolcheckError
from polcheck.packs.archive import MOST_BYTES, unpacked
from polcheck.packs.http import Login, Request, Response, ask, basic, login_for, parameters, printable_url
from polcheck.packs.lock import digest_of
from polcheck.packs.sources import FetchError, Oci, is_loopback
from polcheck.policy.pack_files import PackFiles
from polcheck.sources.limits import MIB

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
PACK_TYPE = "application/vnd.polcheck.pack.v1"
LAYER_TYPE = "application/vnd.polcheck.pack.v1.tar+gzip"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
EMPTY = b"{}"


class Layer(Struct, frozen=True):
    """The blob that holds the pack."""

    digest: str
    size: int


def manifest_of(archive: bytes, name: str, version: str, license: str) -> bytes:
    """Return the manifest for a pack's archive; the same archive gives the same bytes."""
    annotations = {
        "org.opencontainers.image.title": name,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": license,
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": PACK_TYPE,
        "config": {"mediaType": _EMPTY_TYPE, "digest": digest_of(EMPTY), "size": len(EMPTY)},
        "layers": [{"mediaType": LAYER_TYPE, "digest": digest_of(archive), "size": len(archive)}],
        "annotations": {key: value for key, value in annotations.items() if value},
    }
    return json.dumps(manifest, separators=(",", ":"), ensure_ascii=False).encode()


def layer_of(manifest: bytes, what: str) -> Layer:
    """Return the layer that a manifest names. Raises PolcheckError when it is no manifest of a pack."""
    try:
        document: Any = json.loads(manifest)
    except (ValueError, RecursionError) as error:
        raise PolcheckError(f"`{what}` has a broken manifest: {error}") from error
    layers = document.get("layers") if isinstance(document, dict) else None
    if not isinstance(layers, list):
        raise PolcheckError(f"`{what}` is not a pack but a list of images, or something else without layers")
    own = [layer for layer in layers if isinstance(layer, dict) and layer.get("mediaType") == LAYER_TYPE]
    if len(own) != 1:
        raise PolcheckError(f"`{what}` is not a pack: it has {len(own)} layers of the type {LAYER_TYPE}, not one")
    digest, size = own[0].get("digest"), own[0].get("size")
    if not isinstance(digest, str) or not digest.startswith("sha256:") or type(size) is not int or size < 0:
        raise PolcheckError(f"`{what}` has a broken manifest: its layer has no sha256 digest and size")
    return Layer(digest, size)


_MANIFEST_BYTES = 4 * MIB
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_PAGES = 100
_OK, _CREATED, _ACCEPTED, _NOT_FOUND = (
    http.client.OK,
    http.client.CREATED,
    http.client.ACCEPTED,
    http.client.NOT_FOUND,
)


class Registry(Struct):
    """One repository of a registry; it keeps the token that the registry gives for it."""

    source: Oci
    _authorization: str = ""

    def __repr__(self) -> str:
        return f"Registry({self.source!r})"  # NOTE: the token is nobody's to read

    @property
    def root(self) -> str:
        """The URL below which everything of the repository is."""
        host = self.source.host
        scheme = "http" if is_loopback(urlsplit(f"//{host}").hostname or "") else "https"
        return f"{scheme}://{host}/v2/{self.source.repository}"

    def manifest(self, reference: str) -> tuple[str, bytes]:
        """Return the manifest with a tag or digest: its digest, and its bytes. Raises FetchError when there is none."""
        accept = f"{MANIFEST_TYPE}, {_INDEX_TYPE}"
        response = self.ask(f"/manifests/{reference}", headers={"Accept": accept}, most=_MANIFEST_BYTES)
        if response.status == _NOT_FOUND:
            raise FetchError(f"`{self.source}`: the registry has no `{reference}`")
        self._expect(response, _OK)
        digest = digest_of(response.body)
        for named in (reference if ":" in reference else "", response.headers.get("docker-content-digest", "")):
            if named.startswith("sha256:") and named != digest:
                raise FetchError(f"`{self.source}`: the registry gave a manifest with the digest {digest} for {named}")
        return digest, response.body

    def has(self, tag: str) -> bool:
        """Return whether there is a manifest under a tag. Raises FetchError when the registry doesn't say."""
        response = self.ask(f"/manifests/{tag}", "HEAD", headers={"Accept": f"{MANIFEST_TYPE}, {_INDEX_TYPE}"})
        if response.status != _NOT_FOUND:
            self._expect(response, _OK)
        return response.status == _OK

    def blob(self, digest: str, size: int) -> bytes:
        """Return the blob with this digest. Raises FetchError when the registry gives none or another."""
        if size > MOST_BYTES:
            raise FetchError(f"`{self.source}` is of {size} bytes, over the limit of {MOST_BYTES}")
        response = self.ask(f"/blobs/{digest}", most=size)
        self._expect(response, _OK)
        result = digest_of(response.body)
        if result != digest:
            raise FetchError(f"`{self.source}`: the registry gave a blob with the digest {result} for {digest}")
        return response.body

    def tags(self) -> list[str]:
        """Return every tag, sorted. Raises FetchError when the registry doesn't say."""
        results: list[str] = []
        path = "/tags/list?n=1000"
        for _ in range(_PAGES):
            response = self.ask(path, most=_MANIFEST_BYTES)
            self._expect(response, _OK)
            try:
                results += [tag for tag in json.loads(response.body).get("tags") or [] if isinstance(tag, str)]
            except (ValueError, AttributeError, TypeError) as error:
                raise FetchError(f"`{self.source}`: the registry's list of tags is broken") from error
            link = response.headers.get("link", "")
            if 'rel="next"' not in link:
                break
            path = urljoin(response.url, link.partition("<")[2].partition(">")[0])
        return sorted(set(results))

    def put_blob(self, data: bytes) -> None:
        """Uploads a blob unless the registry has it. Raises FetchError when the registry won't take it."""
        digest = digest_of(data)
        if self.ask(f"/blobs/{digest}", "HEAD").status == _OK:
            return
        begun = self.ask("/blobs/uploads/", "POST", body=b"")
        self._expect(begun, _ACCEPTED)
        target = urljoin(begun.url, begun.headers.get("location", ""))
        target += ("&" if "?" in target else "?") + urlencode({"digest": digest})
        headers = {"Content-Type": "application/octet-stream"}
        self._expect(self.ask(target, "PUT", headers=headers, body=data), _CREATED)

    def put_manifest(self, data: bytes, tag: str) -> None:
        """Puts a manifest under a tag. Raises FetchError when the registry won't take it."""
        response = self.ask(f"/manifests/{tag}", "PUT", headers={"Content-Type": MANIFEST_TYPE}, body=data)
        self._expect(response, _CREATED)

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        most: int = MIB,
    ) -> Response:
        """Return the answer to one request; a registry that asks who one is gets an answer once. Raises FetchError."""
        url = path if path.startswith(("http://", "https://")) else self.root + path
        for attempt in (1, 2):
            own = {"Authorization": self._authorization} if self._authorization and self._is_own(url) else {}
            response = ask(Request(url, method, {**(headers or {}), **own}, body, most))
            if response.status != http.client.UNAUTHORIZED or attempt == 2:
                break
            self._authorize(response)
        return response

    def _is_own(self, url: str) -> bool:
        return urlsplit(url)[:2] == urlsplit(self.root)[:2]

    def _authorize(self, response: Response) -> None:
        """Takes what the registry asks for: a password, or a token of the server that it names."""
        challenge = response.headers.get("www-authenticate", "")
        login = login_for(self.source.host)
        if challenge.lower().startswith("basic") and login:
            self._authorization = basic(login)
        elif challenge.lower().startswith("bearer"):
            self._authorization = f"Bearer {_token(parameters(challenge), login, self.root)}"

    def _expect(self, response: Response, status: int) -> None:
        if response.status == status:
            return
        if response.status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
            host = self.source.host
            text = f"`{self.source}`: the registry requires authentication"
            raise FetchError(f"{text}\nhelp: log in with `docker login {host}`, whose file polcheck reads")
        raise FetchError(
            f"`{self.source}`: {printable_url(response.url)} answered {response.status}{_reason(response.body)}"
        )


def pull(source: Oci, digest: str) -> PackFiles:
    """Return the pack whose manifest has this digest. Raises FetchError when it can't be had, PolicyError when it's
    none.
    """
    registry = Registry(source)
    _, manifest = registry.manifest(digest)
    layer = layer_of(manifest, str(source))
    return unpacked(registry.blob(layer.digest, layer.size), str(source))


def push(archive: bytes, pack: PackFiles, source: Oci, *, move: bool = False) -> str:
    """Puts a pack's archive into a registry under the source's tag; the digest of its manifest.

    Raises FetchError when the registry won't take it, or when the tag has other content and `move` is not set.
    """
    manifest = manifest_of(archive, pack.name, pack.text_under("version"), pack.license)
    registry = Registry(source)
    digest = digest_of(manifest)
    if not move and registry.has(source.tag):
        there, _ = registry.manifest(source.tag)
        if there != digest:
            text = f"`{source}` is there already, with other content: {there}"
            raise FetchError(f"{text}\nhelp: give the pack a new version and tag, or --move the tag")
    for blob in (archive, EMPTY):
        registry.put_blob(blob)
    registry.put_manifest(manifest, source.tag)
    there, _ = registry.manifest(source.tag)
    if there != digest:
        raise FetchError(f"`{source}`: the registry has {there} where {digest} was put")
    return digest


def _token(asked: dict[str, str], login: Login | None, root: str) -> str:
    realm = asked.get("realm", "")
    parts = urlsplit(realm)
    own = is_loopback(urlsplit(root).hostname or "")
    if parts.scheme != "https" and not (own and is_loopback(parts.hostname or "")):
        raise FetchError(f"the registry at {root} sends one to `{realm}` for a token, which is not encrypted")
    if login and login.user == "<token>":
        body = {"grant_type": "refresh_token", "refresh_token": login.password, "client_id": "polcheck"}
        data = urlencode({**body, "service": asked.get("service", ""), "scope": asked.get("scope", "")}).encode()
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        response = ask(Request(realm, "POST", form, data, most=MIB))
    else:
        query = urlencode([(key, asked[key]) for key in ("service", "scope") if key in asked])
        headers = {"Authorization": basic(login)} if login else {}
        response = ask(Request(f"{realm}{'&' if parts.query else '?'}{query}", headers=headers, most=MIB))
    try:
        message: Any = json.loads(response.body) if response.status == _OK else {}
        token = message.get("token") or message.get("access_token")
    except (ValueError, AttributeError):
        token = None
    if not isinstance(token, str) or not token.isprintable():
        raise FetchError(f"`{printable_url(realm)}` gave no token: {response.status}")
    return token


def _reason(body: bytes) -> str:
    """Return the error that a registry reports in a response body."""
    try:
        errors = json.loads(body)["errors"]
        return f": {str(errors[0].get('message') or errors[0].get('code')).lower()}"
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
