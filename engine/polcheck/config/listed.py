"""What is in force, value by value, each with where it comes from: what `polcheck config` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from polcheck.config.inforce import InForce
from polcheck.documents.config import Json, Pointer
from polcheck.policy.params import Settings
from polcheck.policy.plan import CompiledPack
from polcheck.records import record

_DEFAULT = "default"


@record(frozen=True)
class Value:
    """One value in force: its key, and where it comes from: `file:line`, an option, a profile, a pack, or `default`."""

    key: str
    value: Json
    source: str


def listing(inforce: InForce, settings: Settings, packs: Sequence[CompiledPack]) -> list[Value]:
    """Every value in force, in the order of polcheck.yaml's keys; of packs also what profiles and defaults set."""
    return [
        *_packs(inforce),
        *(value for pack in packs for value in _of_pack(inforce, settings, packs, pack)),
        *_severities(inforce),
        *_chosen(inforce),
        *_entries(inforce),
        *_single(inforce),
        *(Value(f"limits.{name}", value, _where(inforce, ("limits", name))) for name, value in inforce.limits.items()),
    ]


def _packs(inforce: InForce) -> Iterator[Value]:
    for entry in inforce.packs:
        yield Value("packs", entry.source, _where(inforce, entry.at) or "--pack")


def _of_pack(
    inforce: InForce, settings: Settings, packs: Sequence[CompiledPack], pack: CompiledPack
) -> Iterator[Value]:
    """The pack's profile, every parameter of it, and the severities that the profile sets."""
    names = [own.name for own in packs]
    profile = settings.profile_of(pack.name, pack.profiles)
    content: Any = pack.profiles.get(profile) if profile else None
    profiled: Mapping[str, Any] = content or {}
    if profile:
        origin = inforce.origin(("profiles", pack.name), names)
        yield Value(f"profiles.{pack.name}", profile, _said(inforce, origin))
    for name, value in pack.params.items():
        origin = inforce.origin(("params", pack.name, name), names)
        source = _said(inforce, origin) or (
            f"profile {profile}" if name in profiled.get("params", {}) else f"pack {pack.name}"
        )
        yield Value(f"params.{pack.name}.{name}", value, source)
    written = inforce.written.severities if inforce.written else {}
    for name, severity in profiled.get("severities", {}).items():
        if name not in written and f"{pack.name}:{name}" not in written:
            yield Value(f"severities.{pack.name}:{name}", severity, f"profile {profile}")


def _severities(inforce: InForce) -> Iterator[Value]:
    for name, severity in inforce.written.severities.items() if inforce.written else ():
        yield Value(f"severities.{name}", severity, _where(inforce, ("severities", name)))


def _chosen(inforce: InForce) -> Iterator[Value]:
    """What is selected, ignored and excluded."""
    written, given = inforce.written, inforce.given
    for key, option in (("select", given.select), ("ignore", given.ignore), ("exclude", given.exclude)):
        own: tuple[str, ...] = getattr(written, key) if written else ()
        if not (given.select and key != "exclude"):
            for index, text in enumerate(own):
                yield Value(key, text, _where(inforce, (key, index)))
        for text in option:
            yield Value(key, text, f"--{key}")


def _entries(inforce: InForce) -> Iterator[Value]:
    """Overrides and waivers."""
    for override in inforce.overrides:
        value: dict[str, Json] = {"files": [*override.files.texts], "ignore": [*override.ignore]}
        value |= {"severities": dict(override.severities), "reason": override.reason}
        yield Value("overrides", _without_empty(value), _where(inforce, override.at))
    for waiver in inforce.waivers:
        value = {"policy": waiver.policy, "files": [*waiver.files.texts] if waiver.files else []}
        value |= {"reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires}
        yield Value("waivers", _without_empty(value), _where(inforce, waiver.at))


def _without_empty(value: Mapping[str, Json]) -> dict[str, Json]:
    return {key: entry for key, entry in value.items() if entry}


def _single(inforce: InForce) -> Iterator[Value]:
    """The values of which there is one."""
    written, given = inforce.written, inforce.given
    values: Iterable[tuple[str, Json, bool, object]] = (
        ("fail-on", inforce.fail_on, given.fail_on is not None, written and written.fail_on),
        ("baseline", inforce.baseline or None, given.baseline is not None, written and written.baseline),
        ("gitignore", inforce.gitignore, given.gitignore is not None, written and written.gitignore is not None),
        ("tracked", inforce.tracked, given.tracked is not None, written and written.tracked is not None),
    )
    for key, value, is_given, is_written in values:
        option = "--no-gitignore" if key == "gitignore" else f"--{key}"
        yield Value(key, value, option if is_given else _where(inforce, (key,)) if is_written else _DEFAULT)


def _said(inforce: InForce, origin: Pointer | str) -> str:
    return origin if isinstance(origin, str) else _where(inforce, origin)


def _where(inforce: InForce, at: Pointer) -> str:
    return inforce.written.where(at) if inforce.written and at else ""
