"""Whether a polcheck.yaml and the packs of the run fit together: every policy and pack that it names is there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from polcheck.config.inforce import InForce
from polcheck.documents.config import Pointer
from polcheck.errors import ConfigError, Problem
from polcheck.policy.plan import CompiledPack


def check_agreement(inforce: InForce, packs: Sequence[CompiledPack]) -> None:
    """Raises ConfigError that names every pack, policy or requirement that isn't there.

    NOTE: with `--pack`, what the file says of other packs is left alone; then only what names a pack of the run and
    something that this pack lacks is wrong.
    """
    problems = [
        *_options(inforce, packs),
        *(_packs(inforce, packs) if inforce.own_packs else ()),
        *_policies(inforce, packs),
    ]
    if problems:
        raise ConfigError(problems)


def _options(inforce: InForce, packs: Sequence[CompiledPack]) -> Iterator[Problem]:
    given = inforce.given
    known = _known(packs)
    for option, texts in (("--select", given.select), ("--ignore", given.ignore)):
        for text in texts:
            if not _names_some(text, known):
                yield Problem(f"no pack of the run has `{text}`", option, help=_close(text, known))
    names = sorted(pack.name for pack in packs)
    for option, table in (("--param", given.params), ("--profile", given.profiles)):
        for name in table:
            if name and name not in names:
                yield Problem(f"the pack `{name}` is not in the run", option, help=_close(name, names))


def _packs(inforce: InForce, packs: Sequence[CompiledPack]) -> Iterator[Problem]:
    """The packs that the file sets something for and that aren't in the run."""
    names = sorted(pack.name for pack in packs)
    written = inforce.written
    if written is None:
        return
    for key, table in (("params", written.params), ("profiles", written.profiles)):
        for name in table:
            if name not in names:
                message = f"the pack `{name}` is not among the packs"
                yield written.problem((key, name), message, _close(name, names), key=True)


def _policies(inforce: InForce, packs: Sequence[CompiledPack]) -> Iterator[Problem]:
    written = inforce.written
    if written is None:
        return
    known = _known(packs)
    ids = {name for pack in packs for name in (*pack.ids, *(f"{pack.name}:{id}" for id in pack.ids))}
    for at, text, is_key in _named(inforce):
        if not _left_alone(inforce, text, packs) and not _names_some(text, known):
            yield written.problem(at, f"no pack of the run has `{text}`", _close(text, known), key=is_key)
    for waiver in written.waivers:
        at = (*waiver.at, "policy")
        if waiver.policy not in ids and not _left_alone(inforce, waiver.policy, packs):
            yield written.problem(at, f"no pack of the run has a policy `{waiver.policy}`", _close(waiver.policy, ids))


def _named(inforce: InForce) -> Iterator[tuple[Pointer, str, bool]]:
    """What the file names among policies, requirements and tags: where, what, and whether it is a key."""
    written = inforce.written
    assert written is not None
    for name in written.severities:
        yield ("severities", name), name, True
    for key, texts in (("select", written.select), ("ignore", written.ignore)):
        for index, text in enumerate(texts):
            yield (key, index), text, False
    for override in written.overrides:
        for index, text in enumerate(override.ignore):
            yield (*override.at, "ignore", index), text, False
        for name in override.severities:
            yield (*override.at, "severities", name), name, True
    if inforce.own_packs:
        for entry in written.packs:
            for key, texts in (("select", entry.select), ("ignore", entry.ignore)):
                for index, text in enumerate(texts):
                    yield (*entry.at, key, index), text, False


def _left_alone(inforce: InForce, text: str, packs: Sequence[CompiledPack]) -> bool:
    """Whether `text` may speak of a pack that `--pack` left out of the run."""
    pack, colon, _ = text.partition(":")
    return not inforce.own_packs and not (colon and any(pack == own.name for own in packs))


def _known(packs: Iterable[CompiledPack]) -> set[str]:
    return {name for pack in packs for name in pack.names}


def _names_some(text: str, known: Iterable[str]) -> bool:
    return any(fnmatchcase(name, text) for name in known)


def _close(text: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(text, sorted(known), n=1)
    return f"did you mean `{close[0]}`?" if close else ""
