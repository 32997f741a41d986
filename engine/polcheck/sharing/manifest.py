"""The manifest of a pack in an OCI registry: one layer, which is the archive of the pack."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from polcheck.errors import PolcheckError
from polcheck.records import record

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
PACK_TYPE = "application/vnd.polcheck.pack.v1"
LAYER_TYPE = "application/vnd.polcheck.pack.v1.tar+gzip"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
EMPTY = b"{}"


@record(frozen=True)
class Layer:
    """The blob that holds the pack."""

    digest: str
    size: int


def digest_of(data: bytes) -> str:
    """`sha256:` and 64 hex digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def written(archive: bytes, name: str, version: str, licence: str) -> bytes:
    """The manifest for a pack's archive; the same archive gives the same bytes."""
    annotations = {
        "org.opencontainers.image.title": name,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": licence,
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
    """The layer that a manifest names. Raises PolcheckError when it is no manifest of a pack."""
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
