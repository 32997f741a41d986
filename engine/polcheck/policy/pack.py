"""Compiling packs, from the files of a folder. Data only: nothing in a pack is executed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.errors import PolicyError, Problem
from polcheck.base.today import today
from polcheck.base.version import VERSION
from polcheck.formats.values import Json
from polcheck.policy.checks import refuse_selector
from polcheck.policy.compile import Context, compile_policy
from polcheck.policy.conjunction import Compiler, Scope
from polcheck.policy.exports import Exports, check_exports, exports_of_pack, selectors_in, tables_in
from polcheck.policy.extension import Arrival, arrivals, check_agreement, unavailable, used_packs
from polcheck.policy.origin import Problems, SourceMap, read
from polcheck.policy.pack_files import PackFiles, Schemas
from polcheck.policy.params import PolicyHead, Settings, in_force, names_of
from polcheck.policy.plain_heads import without_documents
from polcheck.policy.plan import (
    CompiledPack,
    CompiledPolicy,
    Conjunction,
    Names,
    Plan,
    Requirement,
    VerdictField,
    needs_cores,
    needs_places,
    probes_of,
)
from polcheck.policy.probes import Probes, Selectors, refuse_newer
from polcheck.policy.schema import shape
from polcheck.policy.templates import TemplateFault, names
from polcheck.policy.versions import KEYS, LANGUAGE_VERSION, too_new
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.values import ExpressionError
from polcheck.sources.path_patterns import FilesProblem, compile_files

if TYPE_CHECKING:
    from polcheck.formats.values import Json
    from polcheck.policy.origin import SourceMap


_Policy = TypeVar("_Policy", CompiledPolicy, PolicyHead)
_ISSUE_NAMES = frozenset({"requirements", "findings", "policies", "params", "verdict"})
MAX_POLICIES = 5_000
_YAML = (".yaml", ".yml")


class OpenedPack(Struct, frozen=True):
    """A pack with the way back to what people wrote: what could be compiled of it, and where it is written.

    A policy whose shape is wrong is left out of `policies`; the compiled one is None where its meaning is.
    """

    files: PackFiles
    head: SourceMap
    policies: tuple[tuple[SourceMap, CompiledPolicy | None], ...]
    selectors: Mapping[str, tuple[SourceMap, Conjunction]]
    compiled: CompiledPack
    usable: Selectors  # all that its policies can use, also of polcheck and of other packs
    listed: bool = True  # and not only there because another pack extends it


def compile_packs(
    packs: Sequence[PackFiles], settings: Settings, schemas: Schemas, problems: Problems | None = None
) -> Plan:
    """Return the plan for a run with these packs.

    Raises PolicyError that names every problem of every pack; warnings go to `problems` when it is given.
    """
    problems = problems if problems is not None else Problems()
    result, _ = open_packs(packs, settings, schemas, problems, whole=False)
    if problems.errors:
        raise PolicyError(problems.errors)
    return result


def open_packs(
    packs: Sequence[PackFiles], settings: Settings, schemas: Schemas, problems: Problems, *, whole: bool = True
) -> tuple[Plan, tuple[OpenedPack, ...]]:
    """Return the plan, as far as it compiles, and the packs whose pack.yaml is valid.

    The packs that others extend follow these. Every problem goes to `problems`; nothing is raised. Without `whole`, of
    packs that ship with polcheck only what the run needs is compiled: polcheck's own tests compile the rest.
    """
    probes = Probes(settings.today or today().isoformat())
    opened: list[OpenedPack] = []
    for arrival in arrivals(packs, problems):
        result = _Loader(arrival, settings, schemas, problems, probes, whole or not arrival.files.shipped).load()
        if result is not None:
            opened.append(result)
    compiled = tuple(pack.compiled for pack in opened)
    visited: dict[str, str] = {}
    for pack in opened:
        name, root = pack.compiled.name, pack.files.root
        if name in visited:
            problems.add(Problem(f"two packs are called `{name}`: {visited[name]} and {root}"))
        visited[name] = root
    check_agreement(((pack.files, pack.compiled) for pack in opened), problems)
    for problem in settings.unknown(compiled):
        problems.add(problem)
    return Plan(compiled, tuple(probes.made), probes.today), tuple(opened)


class _Loader(Struct, frozen=True):
    """Loads one pack; what is wrong goes to `problems`."""

    arrival: Arrival
    settings: Settings
    schemas: Schemas
    problems: Problems
    probes: Probes
    whole: bool  # whether to compile what the run doesn't need, so that each fault of the pack is noted

    @property
    def pack(self) -> PackFiles:
        """The pack's files."""
        return self.arrival.files

    def load(self) -> OpenedPack | None:
        """Return the pack, or None when there is none to speak of."""
        head = self._head()
        if head is None:
            return None
        # NOTE: from here on the pack has the name by which the run knows it, which tells two folders' apart
        document: dict[str, Any] = {**head.document, "name": self.pack.label}  # type: ignore[dict-item]
        self._check_versions(head, document)
        self._check_fits(head)
        self._check_default_profile(head, document)
        defaults: Mapping[str, Any] = self.settings.default_profile(document)
        declared = self.arrival.declared(document, defaults.get("params", {}), self.settings, self.problems)
        params = in_force(head, {**document, "params": declared}, self.settings)
        before = len(self.problems.reported)
        exporters = self._exporters()
        tables = tables_in(self.pack, self.problems)
        selectors = selectors_in(document, head, exporters, self.problems)
        compiler = Compiler(self.probes, selectors, params, tables)
        context = Context(document["name"], frozenset(document.get("requirements", {})), compiler)
        own = self._compiled_selectors(head, document, compiler) if self.whole else {}
        written: list[tuple[SourceMap, CompiledPolicy | None]] = []
        known: list[CompiledPolicy | PolicyHead] = []
        for entry in self._entries(document, head.version):
            if isinstance(entry, PolicyHead):
                known.append(entry)
            elif self._has_shape(entry, "policy"):
                policy = compile_policy(entry, context)
                written.append((entry, policy))
                known += [policy] if policy is not None else []
        self._drop_consequences(before)
        policies = tuple(policy for _, policy in written if policy is not None)
        self.probes.mark_places(index for policy in policies if needs_places(policy) for index in probes_of(policy))
        self.probes.mark_cores(index for policy in policies if needs_cores(policy) for index in probes_of(policy))
        if not known and not self.pack.bases and "exports" not in document and not self.problems.errors:
            head.error((), "the pack has no policy", "write one in policies/")
        compiled = self._compiled(head, document, params, tables, policies, known)
        return OpenedPack(self.pack, head, tuple(written), own, compiled, selectors, self.arrival.listed)

    def _drop_consequences(self, before: int) -> None:
        """Remove what is wrong with the pack's own use of other packs, where these are wrong themselves.

        `before` is the number of problems that were there before they were read.
        """
        roots = tuple(f"{pack.root.rstrip('/')}/" for pack in self.pack.exporters_in_reach)
        new = self.problems.reported[before:]
        causes = [problem for problem in new if problem.path.startswith(roots)] if roots else []
        if any(problem.severity == "error" for problem in causes):
            self.problems.reported[before:] = causes

    def _compiled(
        self,
        head: SourceMap,
        document: Mapping[str, Any],
        params: Mapping[str, Json],
        tables: Mapping[str, Json],
        policies: Sequence[CompiledPolicy],
        known: Sequence[CompiledPolicy | PolicyHead],
    ) -> CompiledPack:
        return CompiledPack(
            name=document["name"],
            version=document["version"],
            digest=self.pack.digest_in_run,
            params=params,
            tables=tables,
            requirements=tuple(_requirements(document)),
            policies=self._chosen(policies, document),
            fields=document.get("submission", {}),
            verdict=tuple(self._verdict(head, document)),
            description=document.get("description", ""),
            source=self.pack.source or self.pack.root,
            ids=tuple(policy.id for policy in known),
            names=frozenset(name for policy in known for name in names_of(policy)),
            profiles=document.get("profiles", {}),
            default_profile=document.get("default_profile", ""),
            scope=self.pack.scope,
            shipped=self.pack.shipped,
        )

    def _chosen(self, policies: Sequence[_Policy], document: Mapping[str, Any]) -> tuple[_Policy, ...]:
        """Return the policies that are in the run, with the severities in force."""
        defaults = self.settings.default_profile(document).get("severities", {})
        taken = self.arrival.chosen(policies, defaults, self.settings, self.problems)
        return self.settings.chosen(taken, self._profile(document))

    def _entries(self, document: Mapping[str, Any], version: int) -> Iterator[SourceMap | PolicyHead]:
        """Yield the documents of the pack's policies, of those that aren't in the run only what they are called."""
        count = 0
        for path in self.pack.below("policies", _YAML):
            source = self.pack.source_of(path)
            if not self.whole:
                source, left_out = without_documents(source, lambda fields: self._left_out(fields, document))
                yield from left_out
            for origin in read(source, self.problems, version):
                count += 1
                if count > MAX_POLICIES:
                    origin.error((), f"more than {MAX_POLICIES:,} policies in a pack", "make it several packs")
                    return
                yield self._left_out(origin.document, document) or origin

    def _left_out(self, policy: Json, document: Mapping[str, Any]) -> PolicyHead | None:
        """Return what a policy is called that is not to be compiled, since it isn't in the run; None for the others."""
        if self.whole or not isinstance(policy, dict) or not isinstance(policy.get("id"), str):
            return None
        tags = policy.get("tags", [])
        head = PolicyHead(
            document["name"],
            str(policy["id"]),
            str(policy.get("severity", "error")),
            str(policy.get("requirement", "")),
            tuple(map(str, tags if isinstance(tags, list) else [tags])),
        )
        return None if self._chosen([head], document) else head

    def _profile(self, document: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the severities of the profile that is chosen for the pack."""
        profiles: Mapping[str, Any] = document.get("profiles", {})
        name = self.settings.profile_of(document["name"], profiles)
        severities: Mapping[str, str] = profiles.get(name or "", {}).get("severities", {})
        return severities

    def _head(self) -> SourceMap | None:
        """pack.yaml, when its shape is right."""
        if "pack.yaml" not in self.pack.files:
            self.problems.add(
                Problem("there is no pack.yaml", self.pack.root, help="a pack is a folder with a pack.yaml")
            )
            return None
        known = self.pack.head
        if known is None or known.config.repeated:
            known = next(iter(list(read(self.pack.source_of("pack.yaml"), self.problems))), None)
        if known is None:
            if not self.problems.errors:
                self.problems.add(Problem("pack.yaml is empty", f"{self.pack.root}/pack.yaml"))
            return None
        head = replace(known, problems=self.problems, version=self._version(known.document))
        return head if self._has_shape(head, "pack") else None

    def _version(self, document: Json) -> int:
        """Return the version of the language that pack.yaml names; the newest where it names none that exists."""
        version = document.get("language") if isinstance(document, dict) else None
        return version if isinstance(version, int) and 1 <= version < LANGUAGE_VERSION else LANGUAGE_VERSION

    def _has_shape(self, origin: SourceMap, name: str) -> bool:
        """Return whether a document has the shape of its schema and only keys of its version; note what is wrong."""
        schema = shape(self.schemas.text, name)
        problems = schema.problems(origin.document)
        if not problems and origin.version < LANGUAGE_VERSION:
            problems = [
                (at, *too_new(key, needed, origin.version))
                for owner, key, at in schema.keys(origin.document)
                if (needed := KEYS.get((owner, key), 1)) > origin.version
            ]
        for at, message, help in problems:
            origin.error(at, message, help)
        return not problems

    def _check_fits(self, head: SourceMap) -> None:
        for index, text in enumerate(self.pack.fits):
            try:
                compile_files([text])
            except FilesProblem as problem:
                head.error(("fits", index), problem.message, problem.help, problem.offset)

    def _check_default_profile(self, head: SourceMap, document: Mapping[str, Any]) -> None:
        name, profiles = document.get("default_profile"), document.get("profiles", {})
        if name is not None and name not in profiles:
            listed = ", ".join(f"`{profile}`" for profile in profiles)
            help = f"one of {listed}" if profiles else "write it under `profiles`"
            head.error(("default_profile",), f"the pack has no profile `{name}`", help)

    def _check_versions(self, head: SourceMap, document: Mapping[str, Any]) -> None:
        language = document.get("language", LANGUAGE_VERSION)
        if language > LANGUAGE_VERSION:
            head.error(
                ("language",),
                f"the pack is written in policy language {language}, and this polcheck knows {LANGUAGE_VERSION}",
                "use a newer polcheck, or an older version of the pack",
            )
        requires = document.get("requires")
        if requires:
            _check_requires(head, requires)

    def _exporters(self) -> dict[str, Exports]:
        """Return what the packs export that the pack uses or extends, by name; note those that can't be used."""
        entries = {entry.pack: entry for entry in used_packs(self.pack)}
        for text, entry in entries.items():
            if text not in self.pack.used:
                unavailable(entry, self.problems)
            elif self.pack.used[text].head is None and self.pack.used[text].files:
                list(read(self.pack.used[text].source_of("pack.yaml"), self.problems))  # NOTE: it notes why it can't
        params = {self.pack.used[text].name: entry for text, entry in entries.items() if text in self.pack.used}
        return {
            name: exports
            for name, files in self.pack.exporters.items()
            if self.pack.mentions(f"{name}/")
            and self._is_sound(files)
            and (exports := exports_of_pack(files, self.problems, params.get(name))) is not None
        }

    def _is_sound(self, files: PackFiles) -> bool:
        """Return whether the pack.yaml of a pack that is used has the right shape; note what is wrong with it."""
        head = files.head
        if head is None:
            return False
        version = self._version(head.document)
        return self._has_shape(replace(head, problems=self.problems, version=version), "pack")

    def _compiled_selectors(
        self, head: SourceMap, document: Mapping[str, Any], compiler: Compiler
    ) -> dict[str, tuple[SourceMap, Conjunction]]:
        """Return the pack's own selectors, each by itself, so that a fault in one nobody uses is seen.

        Note what the pack exports that isn't there.
        """
        result: dict[str, tuple[SourceMap, Conjunction]] = {}
        names: dict[str, Names] = {}
        for name in document.get("selectors", {}):
            selector = compiler.selectors.known[name]
            own = replace(compiler, origin=selector.origin, using=(selector.key,))
            steps, after = own.conjunction(selector.items, Scope())
            refuse_selector(steps, after.names, selector.origin)
            result[name] = (selector.origin, steps)
            if not after.broken:
                names[name] = after.names
        check_exports({**document, "name": self.pack.name}, head, names, frozenset(compiler.tables))
        return result

    def _verdict(self, head: SourceMap, document: Mapping[str, Any]) -> Iterable[VerdictField]:
        for name, value in document.get("verdict", {}).items():
            at = ("verdict", name)
            if isinstance(value, str):
                try:
                    expression = compile_expression(value, self.probes.today)
                except ExpressionError as error:
                    head.error(at, error.message, error.help, error.position)
                    continue
                refuse_newer(expression, at, head)
                yield VerdictField(name, expression=expression)
                continue
            path = f"templates/{value['template']}"
            if path not in self.pack.files:
                head.error((*at, "template"), f"the pack has no `{path}`")
                continue
            text = self.pack.files[path].decode("utf-8", "replace")
            self._check_template(path, text)
            yield VerdictField(name, template=text, ours=self.pack.shipped)

    def _check_template(self, path: str, text: str) -> None:
        where = f"{self.pack.root}/{path}"
        try:
            unknown = sorted(names(text) - _ISSUE_NAMES)
        except TemplateFault as fault:
            self.problems.add(Problem(f"the template can't be read: {fault}", where))
            return
        known = ", ".join(f"`{name}`" for name in sorted(_ISSUE_NAMES))
        for name in unknown:
            line = next((n for n, row in enumerate(text.splitlines(), 1) if name in row), 1)
            excerpt = text.splitlines()[line - 1]
            column = excerpt.find(name) + 1
            self.problems.add(
                Problem(f"`{name}` is never bound", where, line, column, excerpt, f"a template sees {known}")
            )


def _requirements(document: Mapping[str, Any]) -> Iterable[Requirement]:
    for name, value in document.get("requirements", {}).items():
        fields = {"title": value} if isinstance(value, str) else value
        yield Requirement(document["name"], name, **fields)


def _check_requires(head: SourceMap, requires: str) -> None:
    if _is_met(requires, VERSION):
        return
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(requires)
    except InvalidRequirement:
        head.error(("requires",), f"`{requires}` is not a requirement", "write `polcheck>=0.1`")
        return
    if wanted.name != "polcheck":
        head.error(("requires",), f"`{requires}` does not name polcheck", "write `polcheck>=0.1`")
    elif not wanted.specifier.contains(VERSION, prereleases=True):
        help = "install that polcheck, or use another version of the pack"
        head.error(("requires",), f"the pack needs {requires}, and this is polcheck {VERSION}", help)


def _is_met(requires: str, version: str) -> bool:
    """Return whether `polcheck>=1.2`, as nearly all packs say it, is met; False for what else a requirement may say.

    NOTE: what reads all requirements takes longer to import than to check a pack.
    """
    least = requires.removeprefix("polcheck>=").split(".")
    known = version.split(".")
    if requires == ".".join(least) or not all(part.isascii() and part.isdigit() for part in (*least, *known)):
        return False
    return [int(part) for part in least] <= [int(part) for part in known]
