"""An explanation for people: part by part, step by step, and the outcome with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from polcheck.authoring.explain.display import DisplayOptions, bindings_text, capped
from polcheck.authoring.explain.model import (
    Branch,
    Document,
    ExplainedFix,
    ExplainedStep,
    Explanation,
    LeftOut,
    Lost,
    Match,
    Part,
    Sample,
    Selected,
)
from polcheck.findings.finding import Finding, Location, NearMiss
from polcheck.policy.plan import RELATIONS
from polcheck.render.escape import terminal
from polcheck.render.text import brief
from polcheck.render.wording import pluralize

_MOST_FILES = 10
_MOST_PATHS = 3
_MOST_LINE = 60
_INDENT = "  "
_MOST_NESTED = 3  # rows of a step inside of a step
_LOST = {
    "where": "where it is not so",
    "not": "that have such a match",
    "any": "that no branch extends",
    "let": "with another value already",
    "is": "that are no such match",
    "inside": "not inside of such a match",
    "has": "without such a match in it",
    "after": "not after such a match",
}


def text(explanation: Explanation, look: DisplayOptions) -> str:
    """Return the whole explanation."""
    blocks = ["\n".join(_head(explanation, look))]
    for part in explanation.parts:
        blocks += _part(part, look)
    if explanation.fix is not None:
        blocks.append("\n".join(_fix(explanation.fix, look)))
    blocks.append("\n".join(_outcome(explanation, look)))
    return "\n\n".join(blocks) + "\n"


def _head(explanation: Explanation, look: DisplayOptions) -> Iterator[str]:
    name = terminal(f"{explanation.pack}:{explanation.id}")
    yield f"{look.style.bold(name)}: {terminal(explanation.title)}"
    facts = [explanation.place, explanation.severity]
    facts += [f"requirement {explanation.requirement}"] if explanation.requirement else []
    facts += [f"paths as seen from {explanation.root}"] if explanation.root else []
    yield look.style.dim(terminal(" · ".join(facts)))


def _part(part: Part, look: DisplayOptions) -> Iterator[str]:
    yield f"{look.style.help(part.keyword)}: {part.said}"
    for step in part.steps:
        yield "\n".join(_INDENT + line for line in _step(step, look, nested=False))
    if part.failed:
        lines = [_INDENT + ("without a match" if part.keyword == "require" else "with a match")]
        yield "\n".join([*lines, *(_INDENT * 2 + line for line in _lost(part.failed, part.failed_total, look))])


def _step(step: ExplainedStep, look: DisplayOptions, *, nested: bool) -> list[str]:
    where = look.style.dim(f" ({terminal(step.place)})") if step.place else ""
    lines = [f"{look.style.bold(terminal(step.at))}: {terminal(step.kind)}{where}"]
    body = [*_words(step, look)]
    if not step.reached:
        body += [*_queries(step.selected, look), look.style.dim("not reached: no row was left to extend")]
    else:
        body += [*_selected(step, look, nested=nested), *_below(step, look), *_rows(step, look, nested=nested)]
    return lines + [_INDENT + line for line in body]


def _words(step: ExplainedStep, look: DisplayOptions) -> Iterator[str]:
    for key, words in step.words:
        first, *rest = words.strip().split("\n")
        yield f"{look.style.margin(terminal(key))}: {terminal(first)}"
        yield from (_INDENT * 2 + terminal(line) for line in rest)


def _queries(selected: Selected | None, look: DisplayOptions) -> Iterator[str]:
    for query in selected.queries if selected else ():
        first, *rest = query.strip().split("\n")
        yield look.style.dim(f"query: {terminal(first)}")
        yield from (look.style.dim(_INDENT * 2 + terminal(line)) for line in rest)


def _selected(step: ExplainedStep, look: DisplayOptions, *, nested: bool) -> Iterator[str]:
    selected = step.selected
    if selected is None:
        return
    yield from _queries(selected, look)
    if selected.documents:
        yield f"searched {pluralize(len(selected.documents), 'file')}"
        yield from _indented(_documents(selected.documents, look))
    elif selected.left_out and not selected.found.total:
        yield "searched no file"
    if selected.left_out:
        left = sum(len(group.paths) for group in selected.left_out)
        yield f"left out {pluralize(left, 'file')}"
        yield from _indented(_left_out(selected.left_out, look))
    if selected.found.total:
        yield f"found {pluralize(selected.found.total, 'match', 'matches')}"
        yield from _indented(_sample(selected.found, look, nested=nested))
    elif step.kind not in RELATIONS and step.words and not _inner(step):
        yield "found nothing"
    if selected.nearest:
        yield f"nearest: {_miss(selected.nearest)}"


def _inner(step: ExplainedStep) -> bool:
    """Return whether a step looks inside values, where nothing is found before there is a row."""
    return any(key == "in" for key, _ in step.words)


def _documents(documents: Sequence[Document], look: DisplayOptions) -> list[str]:
    """Return those that could not be searched first, then those with matches, then the others by what is said of
    them.
    """
    singly = [document for document in documents if document.open or document.matches]
    singly.sort(key=lambda document: (not document.open, document.path))
    visible = singly if look.all else singly[:_MOST_FILES]
    lines = capped([_document(document, look) for document in visible], len(singly), "files", look)
    others: dict[str, list[str]] = {}
    for document in documents:
        if not document.open and not document.matches:
            others.setdefault(document.note or "no match", []).append(document.path)
    return [*lines, *_left_out([LeftOut(note, tuple(others[note])) for note in sorted(others)], look)]


def _document(document: Document, look: DisplayOptions) -> str:
    result = pluralize(document.matches, "match", "matches")
    if not document.open:
        return f"{terminal(document.path)}: {result}"
    note = f"{result} so far, {document.note}" if document.matches else document.note
    return f"{terminal(document.path)}: {look.style.name('undecided', text=terminal(note))}"


def _left_out(groups: Sequence[LeftOut], look: DisplayOptions) -> Iterator[str]:
    for group in groups:
        visible = group.paths if look.all else group.paths[:_MOST_PATHS]
        rest = len(group.paths) - len(visible)
        more = f" and {rest:,} more" if rest else ""
        yield f"{terminal(group.reason)}: {', '.join(map(terminal, visible))}{more}"


def _sample(sample: Sample, look: DisplayOptions, *, nested: bool) -> list[str]:
    visible = sample.matches[: _most(look, nested)]
    return capped([_match(match, look) for match in visible], sample.total, "matches", look)


def _most(look: DisplayOptions, nested: bool) -> int | None:
    """Return the number of rows to show."""
    return _MOST_NESTED if nested and not look.all else None


def _match(match: Match, look: DisplayOptions) -> str:
    places = [terminal(str(place)) for place in match.places]
    names = bindings_text(match.bindings)
    line = _source_line(match.places[-1]) if match.places else ""
    text = " + ".join(places) + (": " if places and names else "") + names
    unsure = "" if match.certain else look.style.name("undecided", text=" (uncertain)")
    return (text or "the project") + (look.style.dim(f"  {terminal(line)}") if line and not names else "") + unsure


def _source_line(place: Location) -> str:
    excerpt, number = place.excerpt, place.line
    if excerpt is None or number is None or not 0 <= number - excerpt.first < len(excerpt.lines):
        return ""
    line = excerpt.lines[number - excerpt.first].strip()
    return line[:_MOST_LINE] + ("…" if len(line) > _MOST_LINE else "")


def _below(step: ExplainedStep, look: DisplayOptions) -> Iterator[str]:
    for branch in step.below:
        yield f"{terminal(branch.name)}:{_branch_result(branch)}"
        for inner in branch.steps:
            yield from _indented(_step(inner, look, nested=True))


def _branch_result(branch: Branch) -> str:
    if not branch.steps or not all(step.reached for step in branch.steps):
        return " no row"
    return f" {pluralize(branch.steps[-1].after, 'row')}"


def _rows(step: ExplainedStep, look: DisplayOptions, *, nested: bool) -> Iterator[str]:
    """Yield the rows that passed, and those that were dropped."""
    joined = f"joined on `{'`, `'.join(map(terminal, step.joins))}`: " if step.joins else ""
    note = f" ({terminal(step.note)})" if step.note else ""
    before = f"{pluralize(step.before, 'row')} in, " if step.before > 1 or step.lost_total else ""
    yield look.style.margin(f"=> {joined}{before}{pluralize(step.after, 'row')} out") + note
    if step.lost_total:
        yield f"{pluralize(step.lost_total, 'row')} {_LOST.get(step.kind, 'without a partner')}"
        visible = step.lost[: _most(look, nested)]
        yield from _indented(_lost(visible, step.lost_total, look))


def _lost(lost: Sequence[Lost], total: int, look: DisplayOptions) -> list[str]:
    lines: list[str] = []
    for entry in lost:
        lines.append(_match(entry.row, look))
        if entry.nearest:
            lines.append(f"{_INDENT}nearest: {_miss(entry.nearest)}")
    return [*lines, *capped([], total - len(lost), "rows", look)]


def _miss(miss: NearMiss) -> str:
    where = f" ({terminal(str(miss.location))})" if miss.location else ""
    return terminal(miss.text) + where


def _indented(lines: Sequence[str] | Iterator[str]) -> Iterator[str]:
    return (_INDENT + line for line in lines)


def _outcome(explanation: Explanation, look: DisplayOptions) -> Iterator[str]:
    yield f"outcome: {look.style.name(explanation.outcome)}"
    yield from (f"{_INDENT}{terminal(sentence)}" for sentence in explanation.because)
    for path, reason in explanation.unsearched:
        yield f"{_INDENT}not searched to the end: {terminal(f'{path}: {reason}' if path else reason)}"
    visible = explanation.findings if look.all else explanation.findings[:_MOST_FILES]
    lines = [_finding(finding, look) for finding in visible]
    yield from _indented(capped(lines, len(explanation.findings), "findings", look))


def _fix(fix: ExplainedFix, look: DisplayOptions) -> Iterator[str]:
    yield f"{look.style.help('fix')}: {'safe' if fix.safe else 'not safe, so that only `--unsafe-fixes` makes it'}"
    for edit in fix.edits:
        lines = []
        for key, text in edit:
            first, *rest = text.strip().split("\n")
            lines.append(f"{look.style.margin(terminal(key))}: {terminal(first)}")
            lines += [_INDENT * 2 + terminal(line) for line in rest]
        yield from _indented(lines)


def _finding(finding: Finding, look: DisplayOptions) -> str:
    accepted = f" (accepted: {finding.waived.reason or finding.waived.kind})" if finding.waived else ""
    lines = [brief(finding, look.style, labelled=False) + look.style.dim(terminal(accepted))]
    if finding.fix is not None:
        places = ", ".join(f"{edit.path}:{edit.place.line}" if edit.place else edit.path for edit in finding.fix.edits)
        text = f"no fix: {finding.fix.problem}" if finding.fix.problem else f"fix: edits {places}"
        lines.append(_INDENT * 2 + look.style.dim(terminal(text)))
    return "\n".join(lines)
