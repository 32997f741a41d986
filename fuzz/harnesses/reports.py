"""Reports whose texts a stranger wrote, in every format: what comes out can be read again and is polcheck's own."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import cycle
from xml.etree import ElementTree

from msgspec.structs import replace

from harnesses.parts import parts
from polcheck.base.spans import Place
from polcheck.findings.finding import Excerpt, Finding, Location, NearMiss, Waived
from polcheck.findings.report import Notice, PackUsed, PolicyOutcome, Report, RequirementOutcome, SubmissionUsed
from polcheck.render import Options, output_format, output_formats

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_TEMPLATE = "{{ report|tojson }}"
_VOID = frozenset({"meta", "input", "br"})
_JSON = ("json", "sarif", "gitlab", "verdict", "template")


def report(data: bytes) -> str:
    """The outputs for a report whose texts are the parts of `data`, one after the other."""
    made = _report(cycle(parts(data)))
    options = Options(template=_TEMPLATE, verbosity=1, all=True)
    outputs = {name: output_format(name).render(made, options) for name in output_formats()}
    for name, output in outputs.items():
        output.encode()
        if name in _JSON:
            json.loads(output)
    _shown(outputs["text"])
    colored = output_format("text").render(made, Options(color=True, verbosity=1, all=True))
    assert _ANSI.sub("", colored) == outputs["text"]
    _shown(outputs["github"])
    _shown(outputs["markdown"])
    _commands(outputs["github"], made)
    ElementTree.fromstring(outputs["junit"])
    _Page(outputs["html"])
    return "\n".join(outputs.values())


def _shown(output: str) -> None:
    """Whether nothing is left that a terminal or an editor would act upon."""
    bad = [char for char in output if unicodedata.category(char) in _HIDDEN and char not in f"\n\t{_JOINERS}"]
    assert not bad, bad


def _commands(output: str, made: Report) -> None:
    """Whether there is no workflow command beyond those of findings, policies and notices."""
    commands = [line for line in output.splitlines() if line.lstrip().startswith("::")]
    assert len(commands) <= len(made.findings) + len(made.policies) + len(made.notices) + 1, commands


class _Page(HTMLParser):
    """A page whose elements are closed, that runs its own script alone and leads to the web alone."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts = 0
        self.feed(page)
        self.close()
        assert not self.open, self.open
        assert self.scripts <= _own_scripts(), "a script that is not polcheck's"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element that is opened."""
        self.scripts += tag == "script"
        assert tag not in ("img", "iframe", "object", "embed", "base", "link"), tag
        for name, value in attrs:
            assert not name.startswith("on") and name != "style", name
            assert name not in ("href", "src") or re.match(r"https?://|#", value or ""), value
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Takes an element off; raises AssertionError where another one is open."""
        assert self.open.pop() == tag, tag


@cache
def _own_scripts() -> int:
    return output_format("html").render(_report(cycle("x")), Options()).count("<script")


def _location(texts: Iterator[str], line: int) -> Location:
    path = "src/" + next(texts).replace("\0", "")
    lines = tuple(next(texts).split("\n")[:4])
    return Location(path, Place(path, line, 1, line, 1 + min(3, len(lines[0]))), Excerpt(line, lines))


def _finding(texts: Iterator[str], severity: str) -> Finding:
    pack, policy, requirement, title, message, remedy = (next(texts) for _ in range(6))
    return Finding(
        pack, policy, requirement, severity, title, message, remedy,
        _location(texts, 3),
        related=(_location(texts, 1), Location(next(texts))),
        bindings={next(texts): next(texts)},
        looked_in=(next(texts),),
        nearest=NearMiss(next(texts), _location(texts, 2)),
        see=next(texts), fingerprint="9" * 32,
    )  # fmt: skip


def _report(texts: Iterator[str]) -> Report:
    first = _finding(texts, "error")
    second = _finding(texts, "warning")
    kind, reason, owner, expires = (next(texts) for _ in range(4))
    waived = Waived("config" if kind else "inline", reason, owner, expires, _location(texts, 1))
    policies = [
        PolicyOutcome(first.pack, first.policy, first.title, first.requirement, "error", "fail", 1, 1,
                      see=first.see, remedy=first.remedy, description=next(texts), deprecated=next(texts)),
        PolicyOutcome(next(texts), next(texts), next(texts), next(texts), "note", "undecided", 1, 1,
                      reasons=((next(texts), next(texts)),)),
    ]  # fmt: skip
    return Report(
        verdict="fail",
        fail_on="error",
        submission=SubmissionUsed(next(texts), "folder", "sha256:" + "1" * 64, 1),
        packs=(PackUsed(first.pack, next(texts), next(texts), {next(texts): next(texts)}, next(texts)),),
        requirements=(RequirementOutcome(first.pack, first.requirement, next(texts), "fail"),
                      RequirementOutcome(first.pack, next(texts), next(texts), "review", "review", next(texts))),
        policies=tuple(policies),
        findings=(first, second, replace(first, waived=waived, fingerprint="8" * 32)),
        notices=(Notice("config", next(texts), _location(texts, 1), (next(texts),)),),
        fields={next(texts): next(texts)},
        polcheck="0.1.0",
    )  # fmt: skip
