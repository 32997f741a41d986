"""Packs that extend packs: the policies that they inherit, with their parameters and severities.

A pack is in a run once, however many packs extend it, and its policies keep its name: what a project says of
`base:policy` holds whether `base` is listed or extended. A **route** is a way by which a pack came into the run: the
extensions from a listed pack down to it. A policy is in the run when some route takes it. On one route the outermost
extension decides; where two routes disagree, the project has to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import PolicyHead, Settings, asks_for, fault_of, matches, severity_in
from polcheck.policy.plan import CompiledPack, CompiledPolicy

if TYPE_CHECKING:  # NOTE: whether a pack extends another is asked by runs that read no YAML
    from polcheck.formats.values import Json, Pointer
    from polcheck.policy.origin import Problems, SourceMap

_MOST_ROUTES = 256
_Policy = TypeVar("_Policy", CompiledPolicy, PolicyHead)


class Extension(Struct, frozen=True):
    """One entry of `extends`: the pack as it is named, and what is taken of it and of what it extends itself."""

    origin: SourceMap
    at: Pointer
    pack: str
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    params: Mapping[str, Json] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)

    def takes(self, policy: CompiledPolicy | PolicyHead) -> bool:
        """Return whether the policy is taken over."""
        if self.select and not any(matches(policy, text) for text in self.select):
            return False
        return not any(matches(policy, text) for text in self.ignore)

    def asks_for(self, policy: CompiledPolicy | PolicyHead) -> bool:
        """Return whether `select` names the policy, and not its pack alone."""
        return any(asks_for(policy, text) for text in self.select)


Route = tuple[Extension, ...]


def extensions(pack: PackFiles) -> tuple[Extension, ...]:
    """Return the packs that a pack extends, in order; entries that are not of the right shape are passed over."""
    if b"extends" not in pack.files.get("pack.yaml", b""):
        return ()  # NOTE: most packs extend nothing, and a run whose plan was kept reads no YAML
    head = pack.head
    document = head.document if head else None
    entries = document.get("extends") if isinstance(document, dict) else None
    results = []
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        at: Pointer = ("extends", index)
        fields: Any = {"pack": entry} if isinstance(entry, str) else entry
        if head is not None and isinstance(fields, dict) and isinstance(fields.get("pack"), str):
            results.append(_extension(head, at, fields))
    return tuple(results)


def _extension(head: SourceMap, at: Pointer, fields: Mapping[str, Any]) -> Extension:
    select, ignore = fields.get("select", ()), fields.get("ignore", ())
    params, severities = fields.get("params", {}), fields.get("severities", {})
    return Extension(
        head,
        at,
        fields["pack"],
        tuple(map(str, select)) if isinstance(select, list) else (),
        tuple(map(str, ignore)) if isinstance(ignore, list) else (),
        params if isinstance(params, dict) else {},
        severities if isinstance(severities, dict) else {},
    )


class UsedPack(Struct, frozen=True):
    """One entry of `uses`: the pack as it is named, and the parameters that its selectors see."""

    origin: SourceMap
    at: Pointer
    pack: str
    params: Mapping[str, Json] = field(default_factory=dict)


def used_packs(pack: PackFiles) -> tuple[UsedPack, ...]:
    """Return the packs that a pack uses, in order; entries that are not of the right shape are passed over."""
    if b"uses" not in pack.files.get("pack.yaml", b""):
        return ()
    head = pack.head
    document = head.document if head else None
    entries = document.get("uses") if isinstance(document, dict) else None
    results = []
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        fields: Any = {"pack": entry} if isinstance(entry, str) else entry
        if head is not None and isinstance(fields, dict) and isinstance(fields.get("pack"), str):
            params = fields.get("params", {})
            results.append(UsedPack(head, ("uses", index), fields["pack"], params if isinstance(params, dict) else {}))
    return tuple(results)


class Arrival(Struct, frozen=True):
    """A pack of a run, and every route by which it came in; a listed one has an empty route."""

    files: PackFiles
    routes: tuple[Route, ...]

    @property
    def listed(self) -> bool:
        """Whether the run names the pack itself."""
        return () in self.routes

    def declared(
        self, document: Mapping[str, Any], defaults: Mapping[str, Json], settings: Settings, problems: Problems
    ) -> dict[str, Any]:
        """Return the parameters of the pack as pack.yaml declares them, with the defaults that its extenders give
        them, else its default profile (`defaults`).
        """
        declared: dict[str, Any] = {
            name: {**shape, "default": defaults[name]} if name in defaults else shape
            for name, shape in document.get("params", {}).items()
        }
        fixed = settings.for_pack(document["name"])
        for name, shape in document.get("params", {}).items():
            results = [entry for route in self.routes if (entry := _param(route, name))]
            if not results:
                continue
            first, value = results[0]
            other = next((extension for extension, provided in results if provided != value), None)
            if other is not None and name not in fixed:
                _disagree(other, ("params", name), first, f"the parameter `{name}` of `{document['name']}`", problems)
            fault = fault_of(shape, value)
            if fault:
                _error(first, ("params", name), f"the parameter `{name}` {fault}", "", problems)
            else:
                declared[name] = {**shape, "default": value}
        return declared

    def chosen(
        self,
        policies: Iterable[_Policy],
        defaults: Mapping[str, str],
        settings: Settings,
        problems: Problems,
    ) -> list[_Policy]:
        """Return the policies that some route takes, with the severities that their extenders give them, else the
        pack's default profile (`defaults`), of which `off` is for policies that nothing asks for by name.
        """
        return [
            self._with_severity(policy, routes, defaults, settings, problems)
            for policy in policies
            if (routes := [route for route in self.routes if all(extension.takes(policy) for extension in route)])
        ]

    def _with_severity(
        self,
        policy: _Policy,
        routes: Sequence[Route],
        defaults: Mapping[str, str],
        settings: Settings,
        problems: Problems,
    ) -> _Policy:
        results = [entry for route in routes if (entry := _severity(route, policy))]
        if not results:
            severity = severity_in(defaults, policy) or policy.severity
            asked = settings.asks_for(policy) or any(one.asks_for(policy) for route in routes for one in route)
            return policy if severity == "off" and asked else replace(policy, severity=severity)
        first, severity = results[0]
        other = next((extension for extension, provided in results if provided != severity), None)
        if other is not None and not severity_in(settings.severities, policy):
            _disagree(other, ("severities",), first, f"the severity of `{policy.ref}`", problems)
        return replace(policy, severity=severity)


def _param(route: Route, name: str) -> tuple[Extension, Json] | None:
    return next(((extension, extension.params[name]) for extension in route if name in extension.params), None)


def _severity(route: Route, policy: CompiledPolicy | PolicyHead) -> tuple[Extension, str] | None:
    results = ((extension, severity_in(extension.severities, policy)) for extension in route)
    return next((entry for entry in results if entry[1]), None)


def arrivals(packs: Sequence[PackFiles], problems: Problems) -> list[Arrival]:
    """Return the packs of a run and everything that they extend, each once, extenders before what they extend.

    A base that is not available is noted at the entry that names it.
    """
    routes: dict[str, list[Route]] = {}
    for pack in packs:
        routes.setdefault(pack.identity, []).append(())
    results: list[Arrival] = []
    for pack in _in_order(packs):
        own = routes[pack.identity]
        if len(own) > _MOST_ROUTES:
            _refuse_routes(pack, own[-1], problems)
            del own[_MOST_ROUTES:]
        results.append(Arrival(pack, tuple(own) if len(own) < 2 else _distinct(own)))
        for extension in extensions(pack):
            base = pack.bases.get(extension.pack)
            if base is None:
                unavailable(extension, problems)
            else:
                routes.setdefault(base.identity, []).extend((*route, extension) for route in own)
    return results


def _distinct(routes: list[Route]) -> tuple[Route, ...]:
    """Return the routes without repetition; extensions are compared by where they are written, not by what they
    hold.
    """
    visited = {tuple((id(e.origin), e.at) for e in route): route for route in routes}
    return tuple(visited.values())


def _in_order(packs: Sequence[PackFiles]) -> Iterator[PackFiles]:
    """Return every pack once, each after all that extend it and otherwise in the order in which they are named."""
    done: dict[str, PackFiles] = {}

    def visit(pack: PackFiles) -> None:
        if pack.identity in done:
            return
        for extension in reversed(extensions(pack)):
            if extension.pack in pack.bases:
                visit(pack.bases[extension.pack])
        done[pack.identity] = pack

    for pack in reversed(packs):
        visit(pack)
    return reversed(done.values())


def _refuse_routes(pack: PackFiles, route: Route, problems: Problems) -> None:
    message = f"the pack `{pack.name}` is extended through more than {_MOST_ROUTES} routes"
    if route:
        _error(route[-1], (), message, "", problems)


def check_agreement(packs: Iterable[tuple[PackFiles, CompiledPack]], problems: Problems) -> None:
    """Notes what extensions name among policies and parameters that the extended packs don't have."""
    compiled = {files.identity: (files, pack) for files, pack in packs}
    for files, _ in compiled.values():
        for extension in extensions(files):
            base = files.bases.get(extension.pack)
            if base is None:
                continue
            brought = [compiled[key][1] for key in _closure(base) if key in compiled]
            if len(brought) == len(_closure(base)):
                _check(extension, brought, problems)


def _closure(pack: PackFiles) -> set[str]:
    results = {pack.identity}
    waiting = [pack]
    while waiting:
        fresh = [base for base in waiting.pop().bases.values() if base.identity not in results]
        results |= {base.identity for base in fresh}
        waiting += fresh
    return results


def _check(extension: Extension, brought: Sequence[CompiledPack], problems: Problems) -> None:
    names = {name for pack in brought for name in pack.names}
    params = {name for pack in brought for name in pack.params}
    what = f"`{extension.pack}` has no policy, requirement or tag"
    for key, texts in (("select", extension.select), ("ignore", extension.ignore)):
        for index, text in enumerate(texts):
            if not any(fnmatchcase(name, text) for name in names):
                _error(extension, (key, index), f"{what} `{text}`", "", problems)
    for text in extension.severities:
        if text not in names:
            _error(extension, ("severities", text), f"{what} `{text}`", "", problems)
    for text in extension.params:
        if text not in params:
            _error(extension, ("params", text), f"`{extension.pack}` has no parameter `{text}`", "", problems)


def unavailable(entry: UsedPack | Extension, problems: Problems) -> None:
    """Note that the pack of an entry is not at hand."""
    help = "list the pack in a polcheck.yaml and run `polcheck pack lock`"
    _error(entry, (), f"the pack `{entry.pack}` is not available", help, problems)


def _disagree(extension: Extension, at: Pointer, other: Extension, what: str, problems: Problems) -> None:
    place = f"{other.origin.source.path}:{other.origin.line}"
    help = "set it in polcheck.yaml, or in a pack that extends both"
    _error(extension, at, f"{what} is set to something else in {place}", help, problems)


def _error(extension: Extension | UsedPack, at: Pointer, message: str, help: str, problems: Problems) -> None:
    replace(extension.origin, problems=problems).error((*extension.at, *at), message, help)
