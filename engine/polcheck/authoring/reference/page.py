"""The reference page of a pack in Markdown: everything that its policies require, the same for the same files."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from polcheck.authoring.testing.cases import OUTCOMES, Case, Expected
from polcheck.base.cached import cached_property
from polcheck.formats import format_of
from polcheck.formats.values import Pointer, text_of
from polcheck.languages.registry import language_of
from polcheck.policy.origin import Problems, SourceMap, read
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.plan import CompiledPack, CompiledPolicy, Requirement
from polcheck.render.escape import code, fence, markdown
from polcheck.render.wording import pluralize

_MOST_LINES = 25  # of one file
_MOST_FILES = 4


def examples(policy: str, cases: Sequence[Case]) -> Iterator[str]:
    """Yield the lines of a failing and of a passing example; none without such cases."""
    for heading, case, expected in smallest(policy, cases):
        yield from _example(heading, case, expected)


def smallest(policy: str, cases: Sequence[Case]) -> Iterator[tuple[str, Case, Expected]]:
    """Yield the smallest case in which the policy fails and the smallest in which it passes, under their headings."""
    for outcome, heading in (("fail", "Fails"), ("pass", "Passes")):
        results = [(case, expected) for case in cases for expected in expected_of(case, policy, outcome)]
        if results:
            yield (heading, *min(results, key=lambda pair: _weight(pair[0])))


def expected_of(case: Case, policy: str, outcome: str) -> list[Expected]:
    """Return the case's expectations of the policy, when they are this outcome."""
    return [expected for expected in case.expect if (expected.policy, expected.outcome) == (policy, outcome)]


def _weight(case: Case) -> tuple[int, int, int, int, str, int]:
    """Small submissions that speak of few policies, in the pack's own parameters, are the best examples."""
    size = sum(len(data) for data in case.files.values())
    settings = len(case.params) + bool(case.profile) + bool(case.today)
    return settings, len(case.files), len(case.policies), size, case.path, case.line


def _example(heading: str, case: Case, expected: Expected) -> Iterator[str]:
    places = ", ".join(code(place) for place in expected.at or ())
    with_params = [f"{name} = {value}" for name, value in sorted(case.params.items())]
    provided = f" with {', '.join(code(text) for text in with_params)}" if with_params else ""
    yield f"**{heading}**{provided}: {markdown(case.name)}{f' (at {places})' if places else ''}"
    yield ""
    for path, data in sorted(case.files.items())[:_MOST_FILES]:
        yield from _file(path, data)
    if len(case.files) > _MOST_FILES:
        yield from (f"… and {pluralize(len(case.files) - _MOST_FILES, 'more file', 'more files')}.", "")


def _file(path: str, data: bytes) -> Iterator[str]:
    lines = data.decode("utf-8", "replace").splitlines()
    visible = lines[:_MOST_LINES]
    yield f"{code(path)}{':' if lines else ' is empty.'}"
    yield ""
    if lines:
        yield from fence(visible, language_of(path) or format_of(path) or "")
        yield ""
    if len(visible) < len(lines):
        yield from (f"… and {pluralize(len(lines) - len(visible), 'more line', 'more lines')}.", "")


_PARTS = ("when", "for", "require", "forbid", "fix")


class Sources(Struct, frozen=True, dict=True):
    """The files of one pack that compiles."""

    pack: PackFiles

    @property
    def _head(self) -> SourceMap:
        assert self.pack.head is not None, "a pack that compiles has a head"
        return self.pack.head

    @property
    def head(self) -> Mapping[str, Any]:
        """pack.yaml."""
        document: Mapping[str, Any] = self._head.document  # type: ignore[assignment]  # the pack compiles
        return document

    def selectors(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the pack's own selectors with their YAML, in the order in which they are written."""
        for name in self.head.get("selectors", {}):
            yield name, source_lines(self._head, ("selectors", name))

    def parts(self, policy: CompiledPolicy) -> list[str]:
        """Return the YAML of a policy's `when`, `for`, `require`, `forbid` and `fix`, in the order in which they
        are written.
        """
        origin = self._origins.get((policy.path, policy.line))
        if origin is None or not isinstance(origin.document, dict):
            return []
        return [line for key in origin.document if key in _PARTS for line in source_lines(origin, (key,))]

    @cached_property
    def _origins(self) -> dict[tuple[str, int], SourceMap]:
        return {
            (origin.source.path, origin.line): origin
            for path in self.pack.below("policies", (".yaml", ".yml"))
            for origin in read(self.pack.source_of(path), Problems())
        }


def source_lines(origin: SourceMap, at: Pointer) -> list[str]:
    """Return the key and the value at a pointer as they stand in the file, moved to the left margin."""
    where = origin.config.locate(origin.index, at)
    source = origin.source
    start = (where.key or where.value).start
    margin = source.line_starts[source.line_of(start) - 1]
    before = source.text[margin:start]
    text = (before if not before.strip() else " " * len(before)) + source.text[start : where.value.end]
    return textwrap.dedent(text).rstrip().splitlines()


_LINK = re.compile(r"https?://[^\s<>\x00-\x20\x7f]+")


def page(files: PackFiles, pack: CompiledPack, cases: Sequence[Case]) -> str:
    """Return the page. `pack` is compiled from `files`, and `cases` are its tests."""
    sources = Sources(files)
    sections = [
        _head(sources, pack, cases),
        _requirements(pack),
        _parameters(sources),
        _profiles(sources),
        _policies(sources, pack, cases),
        _selectors(sources),
        _traceability(pack, cases),
    ]
    blocks = ("\n".join(lines).strip("\n") for lines in map(list, sections))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(sources: Sources, pack: CompiledPack, cases: Sequence[Case]) -> Iterator[str]:
    yield f"# {markdown(pack.name)}"
    yield ""
    if pack.description:
        yield from (*_paragraphs(pack.description), "")
    facts = [f"version {code(pack.version)}", pluralize(len(pack.policies), "policy", "policies")]
    facts += [pluralize(len(pack.requirements), "requirement")] if pack.requirements else []
    facts += [pluralize(len(cases), "test case")]
    facts += [f"needs {code(sources.head['requires'])}"] if "requires" in sources.head else []
    license = sources.head.get("license") or sources.head.get("licence")
    facts += [f"license {code(license)}"] if license else []
    bases = [base if isinstance(base, str) else base["pack"] for base in sources.head.get("extends", ())]
    facts += [f"extends {', '.join(map(code, bases))}"] if bases else []
    used = [entry if isinstance(entry, str) else entry["pack"] for entry in sources.head.get("uses", ())]
    facts += [f"uses {', '.join(map(code, used))}"] if used else []
    yield " · ".join(facts)


def _requirements(pack: CompiledPack) -> Iterator[str]:
    if not pack.requirements:
        return
    yield from ("## Requirements", "")
    rows = [
        (code(requirement.id), _cell(requirement.title), _decided(requirement), _links(_of(pack, requirement)))
        for requirement in pack.requirements
    ]
    yield from _table(("requirement", "title", "decided by", "policies"), rows)


def _decided(requirement: Requirement) -> str:
    if requirement.decided_by == "review":
        return "review" + (f": {_cell(requirement.because)}" if requirement.because else "")
    return requirement.decided_by


def _of(pack: CompiledPack, requirement: Requirement) -> list[CompiledPolicy]:
    return [policy for policy in pack.policies if policy.requirement == requirement.id]


def _parameters(sources: Sources) -> Iterator[str]:
    params: dict[str, dict[str, Any]] = sources.head.get("params", {})
    if params:
        yield from ("## Parameters", "")
        yield from _table(
            ("parameter", "type", "default", "allowed", "what it changes"),
            [
                (
                    code(name),
                    shape["type"],
                    _code_cell(text_of(shape["default"])),
                    ", ".join(_code_cell(text_of(value)) for value in shape.get("allowed", ())),
                    _cell(shape.get("description", "")),
                )
                for name, shape in params.items()
            ],
        )


def _profiles(sources: Sources) -> Iterator[str]:
    profiles: dict[str, dict[str, Any]] = sources.head.get("profiles", {})
    if profiles:
        yield from ("## Profiles", "")
        yield from _table(
            ("profile", "for whom", "parameters", "severities"),
            [
                (
                    code(name) + (" (default)" if name == sources.head.get("default_profile") else ""),
                    _cell(profile.get("description", "")),
                    _settings(profile.get("params", {})),
                    _settings(profile.get("severities", {})),
                )
                for name, profile in profiles.items()
            ],
        )


def _settings(values: dict[str, Any]) -> str:
    return ", ".join(_code_cell(f"{name}: {text_of(value)}") for name, value in values.items())


def _policies(sources: Sources, pack: CompiledPack, cases: Sequence[Case]) -> Iterator[str]:
    yield "## Policies"
    for policy in pack.policies:
        yield from ("", "\n".join(_policy(sources, policy, cases)).rstrip("\n"))


def _policy(sources: Sources, policy: CompiledPolicy, cases: Sequence[Case]) -> Iterator[str]:
    yield from (f"### {markdown(policy.id)}", "", markdown(policy.title), "", " · ".join(_facts(policy)), "")
    if policy.description:
        yield from (*_paragraphs(policy.description), "")
    parts = sources.parts(policy)
    if parts:
        yield from (*fence(parts, "yaml"), "")
    yield from _list(policy)
    yield from examples(policy.id, cases)


def _facts(policy: CompiledPolicy) -> Iterator[str]:
    yield policy.severity
    if policy.requirement:
        yield f"requirement {code(policy.requirement)}"
    if policy.tags:
        yield "tags " + ", ".join(code(tag) for tag in policy.tags)
    if policy.deprecated:
        yield f"deprecated: {markdown(policy.deprecated)}"


def _list(policy: CompiledPolicy) -> Iterator[str]:
    yield f"- message: {markdown(policy.message.text)}"
    if policy.remedy.text:
        yield f"- remedy: {markdown(policy.remedy.text)}"
    if policy.see:
        yield f"- see: {f'<{policy.see}>' if _LINK.fullmatch(policy.see) else markdown(policy.see)}"
    yield ""


def _selectors(sources: Sources) -> Iterator[str]:
    selectors = list(sources.selectors())
    if selectors:
        yield from ("## Selectors", "", "What policies use by name.", "")
        yield from fence([line for _, lines in selectors for line in lines], "yaml")


def _traceability(pack: CompiledPack, cases: Sequence[Case]) -> Iterator[str]:
    """Yield the table of requirements, the policies that answer to each, and the cases that test them."""
    yield from ("## Traceability", "")
    rows: list[tuple[str, ...]] = []
    for requirement in pack.requirements:
        policies = _of(pack, requirement)
        if not policies:
            rows.append(
                (code(requirement.id), _decided(requirement) if requirement.decided_by == "review" else "none", "")
            )
        rows += [(code(requirement.id), _link(policy), _tests(policy, cases)) for policy in policies]
    rows += [("", _link(policy), _tests(policy, cases)) for policy in pack.policies if not policy.requirement]
    yield from _table(("requirement", "policy", "tests"), rows)


def _tests(policy: CompiledPolicy, cases: Sequence[Case]) -> str:
    """Return the number of cases that expect each outcome, and where they are."""
    counts = []
    for outcome in OUTCOMES:
        number = sum(len(expected_of(case, policy.id, outcome)) for case in cases)
        if number:
            counts.append(f"{number} {outcome}")
    lines: dict[str, list[int]] = {}
    for case in cases:
        if policy.id in case.policies:
            lines.setdefault(case.path, []).append(case.line)
    where = "; ".join(f"{code(path)} {', '.join(map(str, numbers))}" for path, numbers in sorted(lines.items()))
    return f"{', '.join(counts)} ({where})" if counts else "none"


def _links(policies: Iterable[CompiledPolicy]) -> str:
    return ", ".join(map(_link, policies))


def _link(policy: CompiledPolicy) -> str:
    """Return the policy with a link to its heading, whose anchor is the id in lower case without punctuation."""
    anchor = "".join(char for char in policy.id.lower() if char.isalnum() or char in "-_")
    return f"[{code(policy.id)}](#{anchor})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _cell(text: str) -> str:
    return markdown(text, cell=True)


def _code_cell(text: str) -> str:
    """Return a code span for one cell of a table, where a bar ends the cell even in code."""
    return code(text).replace("|", "\\|")


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, an empty line between them."""
    result = [markdown(" ".join(part.split())) for part in text.strip().split("\n\n")]
    return [line for part in result for line in (part, "")][:-1]
