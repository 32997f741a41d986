"""Checks of selectors that can't match in their files: wrong language, wrong format, impossible content."""

from __future__ import annotations

import re

from polcheck.authoring.lint.globs import Glob, glob, some_path
from polcheck.authoring.lint.view import View, at_index
from polcheck.formats import format_of, formats, listed_formats
from polcheck.formats.values import Pointer
from polcheck.languages.registry import languages
from polcheck.policy.model import Item
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import Probe, Step
from polcheck.policy.probes import never_read
from polcheck.selectors.jmespath.analysis import Shape, shape_of
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.jmespath.nodes import Chain, Field, Index, Node, Pipe
from polcheck.selectors.jmespath.parser import parse
from polcheck.selectors.jmespath.values import ExpressionError
from polcheck.selectors.syntax.selector import Syntax
from polcheck.selectors.text import TextProblem, compile_text
from polcheck.sources.path_patterns import FilePatterns, FilesProblem


def check_documents(view: View) -> None:
    """Notes selectors that can match in none of their files, and warns of files that they never look in."""
    for origin, step in view.steps():
        if step.search is not None:
            probe, files = view.probes[step.search.probe], step.search.files
            if files is not None:
                _unread(origin, step, probe, files)
            if isinstance(probe.what, Expression):
                _impossible(origin, step, probe.what, _formats(probe, files))


def check_constants(view: View) -> None:
    """Notes captures that have to be constants in languages in which only literals are."""
    for origin, step in view.steps():
        probe = view.probes[step.search.probe] if step.search is not None else None
        if probe is None or not probe.constants:
            continue
        literals_only = sorted({one for one in probe.languages if languages()[one].constants is None})
        if literals_only:
            titles = " and ".join(languages()[one].title for one in literals_only)
            message = f"in {titles} only literals are constants: a name is never followed to its value"
            known = sorted(one.title for one in languages().values() if one.constants is not None)
            origin.warning((*step.at, "constant"), message, f"names are followed in {', '.join(known)}")


def _unread(origin: SourceMap, step: Step, probe: Probe, files: FilePatterns) -> None:
    """Notes files that the selector doesn't read."""
    known = files.examples
    where = [index for index, text in enumerate(files.texts) if not text.startswith("!")]
    wrong: dict[int, str] = {}
    for index, examples in zip(where, known, strict=True):
        for example in examples:
            if example is not None and not _reads(probe, example):
                wrong.setdefault(index, example)
    nothing = all(example is not None and not _reads(probe, example) for examples in known for example in examples)
    for index, example in wrong.items():
        note = origin.error if nothing and known else origin.warning
        at = at_index(origin, (*step.at, "files"), index) if _has_files(origin, step) else step.at
        note(at, *_why(probe, example))
        if nothing:
            return


def _has_files(origin: SourceMap, step: Step) -> bool:
    try:
        origin.config.locate(origin.index, (*step.at, "files"))
    except KeyError:
        return False
    return True


def _reads(probe: Probe, example: str) -> bool:
    return not example.endswith("/") and probe.reads(example)


def _why(probe: Probe, example: str) -> tuple[str, str]:
    if example.endswith("/"):
        return f"`{probe.kind}` looks in files, and `{example}` stands for folders", f"write `{example}*` for its files"
    name = example if not example.startswith("x.") else f"*{example[1:]}"
    if isinstance(probe.what, Syntax):
        return never_read(probe.kind, probe.languages, name)
    return f"`{name}` is not a configuration file that `data` can read", f"say which `language`: {listed_formats()}"


def _formats(probe: Probe, files: FilePatterns | None) -> frozenset[str]:
    """Return the formats that the files can have; empty where that is open."""
    if probe.language:
        return frozenset({probe.language})
    if files is None:
        return frozenset()
    examples = [example for pattern in files.examples for example in pattern]
    results = {format_of(example) if example else None for example in examples}
    return frozenset(name for name in results if name) if None not in results else frozenset()


def _impossible(origin: SourceMap, step: Step, what: Expression, names: frozenset[str]) -> None:
    """Notes an expression that is null in every document of its formats."""
    known = [formats()[name] for name in sorted(names)]
    roots = {format.root for format in known}
    if len(roots) != 1 or "" in roots:
        return None
    (root,) = roots
    node, _ = parse(what.text)
    kinds = " and ".join(format.title for format in known)
    at = (*step.at, "data")
    try:
        shape_of(node, Shape(root))
    except ExpressionError as error:
        help = f"the root of a document in {kinds} is an {root}"
        return origin.error(at, f"{error.message}: this never matches", help, error.position)
    levels = max(format.levels for format in known) if all(format.levels for format in known) else 0
    deep = _beyond(node, levels) if levels else None
    if deep is not None:
        help = f"keys are nested {levels} deep in {kinds}, and the values are strings or null"
        return origin.error(at, f"`{deep}` is never in {kinds}: this never matches", help)
    return None


def _beyond(node: Node, levels: int) -> str | None:
    """Return the part of an expression that goes beyond a value nested `levels` fields deep."""
    steps = node.steps if isinstance(node, Chain | Pipe) else ()
    if len(steps) > levels and all(isinstance(step, Field) for step in steps[:levels]):
        further = steps[levels]
        if isinstance(further, Field):
            return further.name
        return f"[{further.number}]" if isinstance(further, Index) else None
    return None


_SET = re.compile(r"(?<!\\)\[[^\]/]+\]")


def check_paths(view: View) -> None:
    """Notes patterns that can match no path beside the others of their list, and brackets that mean nothing."""
    for origin, item in view.items:
        _brackets(origin, item)
        if any(text.startswith("!") for text in item.files):
            try:
                globs = [glob(text) for text in item.files]
            except FilesProblem:
                continue  # noted when it was compiled
            _excluded(origin, item, globs)
            _idle(origin, item, globs)


def _excluded(origin: SourceMap, item: Item, globs: list[Glob]) -> None:
    """Notes what the exclusions of the list leave nothing of; an error where that is the whole list."""
    outside = [each for each, text in zip(globs, item.files, strict=True) if text.startswith("!") and each.exact]
    inside = [index for index, text in enumerate(item.files) if not text.startswith("!")]
    dead = [
        index
        for index in inside
        if some_path([globs[index], *outside], lambda taken: taken[0] and not any(taken[1:])) is False
    ]
    for index in dead:
        text = item.files[index]
        by = next(
            (
                other
                for other, each in zip(item.files, globs, strict=True)
                if other.startswith("!") and some_path([globs[index], each], lambda t: t[0] and not t[1]) is False
            ),
            "",
        )
        message = f"`{text}` matches nothing: `{by}` excludes all of it" if by else f"all of `{text}` is excluded"
        note = origin.error if dead == inside else origin.warning
        note(_at(origin, item, index), message, "narrow what is excluded, or drop the pattern")


def _idle(origin: SourceMap, item: Item, globs: list[Glob]) -> None:
    """Warns of exclusions that take nothing away."""
    inside = [each for each, text in zip(globs, item.files, strict=True) if not text.startswith("!")]
    for index, text in enumerate(item.files):
        if not text.startswith("!") or not inside:
            continue
        if some_path([globs[index], *inside], lambda taken: taken[0] and any(taken[1:])) is False:
            help = "drop it, or widen it: patterns start at the project's root"
            origin.warning(_at(origin, item, index), f"`{text}` excludes nothing that the others match", help)


def _brackets(origin: SourceMap, item: Item) -> None:
    """Warns of what would be a set of characters elsewhere."""
    for index, text in enumerate(item.files):
        match = _SET.search(text)
        if match:
            message = f"`{match.group()}` matches itself: there are no character classes"
            help = "write alternatives as `{a,b}`, or `\\[` for a literal bracket"
            origin.warning(_at(origin, item, index), message, help)


def _at(origin: SourceMap, item: Item, index: int) -> Pointer:
    return at_index(origin, (*item.at, "files"), index)


def check_regexes(view: View) -> None:
    """Warns of a `text` that matches nothing at all, between any two characters."""
    for origin, item in view.items:
        if item.text is not None and _is_everywhere(item.text):
            help = "write `+` for `*`, or say what stands around it"
            origin.warning((*item.at, "text"), f"`{item.text}` matches nothing at all, and so everywhere", help)


def _is_everywhere(regex: str) -> bool:
    try:
        match = compile_text(regex).search("0")
    except TextProblem:
        return False  # noted when it was compiled
    return any(hit.span is not None and hit.span.start == hit.span.end for hit in match.matches)
