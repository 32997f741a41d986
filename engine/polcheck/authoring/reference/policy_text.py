"""What a policy asks for, why, and how to fix or waive its findings, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from polcheck.authoring.reference.page import Sources, smallest
from polcheck.authoring.testing.cases import Case, read_cases
from polcheck.base.errors import PolicyError
from polcheck.packs.shipped import schemas
from polcheck.policy.pack_files import PackFiles, unrooted
from polcheck.policy.plan import CompiledPolicy
from polcheck.render.escape import terminal

_MOST_FILES, _MOST_LINES = 3, 15  # of an example


def described(
    files: PackFiles, policy: CompiledPolicy, folders: Sequence[str] = (), *, examples: bool = True
) -> Iterator[str]:
    """Yield the lines that describe a policy of a pack: what it asks for, why, its message and remedy, how to waive its
    findings, how it is written, and examples of a project that fails and of one that passes from the pack's cases.

    `folders` are those that its pack is about, an empty text standing for the whole project. What controls a terminal
    is spelled out.
    """
    places = ", ".join(f"`{folder}`" if folder else "the whole project" for folder in folders) if any(folders) else ""
    yield f"{terminal(unrooted(policy.ref) if places else policy.ref)} ({policy.severity}): {terminal(policy.title)}"
    for text in (policy.description, policy.deprecated and f"deprecated: {policy.deprecated}"):
        if text:
            yield from ("", *map(terminal, text.strip().splitlines()))
    yield ""
    for name, text in (
        ("requirement", policy.requirement),
        ("tags", ", ".join(policy.tags)),
        ("folders", places),
        ("message", policy.message.text),
        ("remedy", policy.remedy.text),
        ("see", policy.see),
        ("waive", f"in a comment: polcheck: ignore[{policy.id}] REASON"),
        ("or", f"polcheck waive {policy.id} FILE --reason REASON"),
    ):
        first, *rest = text.strip().split("\n")
        if text:
            yield from (f"{name + ':':<13}{terminal(first)}", *(f"{'':13}{terminal(line)}" for line in rest))
    yield from ("", *(f"    {terminal(line)}" for line in Sources(files).parts(policy)))
    for heading, case, _ in smallest(policy.id, _cases(files) if examples else ()):
        yield from ("", f"{heading.lower()}: {terminal(case.name)}")
        for path, data in sorted(case.files.items())[:_MOST_FILES]:
            lines = data.decode("utf-8", "replace").splitlines()
            yield f"  {terminal(path)}{':' if lines else ' is empty'}"
            yield from (f"    {terminal(line)}" for line in lines[:_MOST_LINES])
            if len(lines) > _MOST_LINES:
                yield "    …"


def _cases(files: PackFiles) -> Sequence[Case]:
    try:
        return read_cases(files, schemas().tests)
    except PolicyError:
        return ()  # NOTE: a pack may come without its tests, or with some for another version
