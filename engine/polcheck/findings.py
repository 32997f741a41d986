"""From judgements to findings: places worked out, messages rendered, misses named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from polcheck.documents.config import Json
from polcheck.judge import Failure, Judgement
from polcheck.judge.rows import text_of
from polcheck.locate import Locator
from polcheck.misses import Misses
from polcheck.policy.plan import CompiledPolicy, Template
from polcheck.policy.template import TemplateFault, render
from polcheck.report import Finding, Location, Notice, PolicyOutcome

_MOST_RELATED = 20


@dataclass(frozen=True)
class Findings:
    """Makes findings of one run's judgements."""

    locator: Locator
    misses: Misses

    def of(self, judgement: Judgement) -> list[Finding]:
        """The findings of one policy, in order of place; the same message at the same place is one."""
        made: dict[tuple[object, ...], Finding] = {}
        for failure in judgement.failures:
            finding = self._finding(judgement, failure)
            made.setdefault((finding.location, finding.message), finding)
        return sorted(made.values(), key=_order)

    def _finding(self, judgement: Judgement, failure: Failure) -> Finding:
        policy = judgement.policy
        location = self.locator.location(failure.spot) if failure.spot else None
        nearest = self.misses.of(policy, failure) if failure.missing else None
        alone = failure.missing and policy.subjects is None
        if location is None and nearest is not None:
            location = nearest.location
        if location is None and alone and judgement.searched:
            location = Location(judgement.searched[0])
        related = tuple(dict.fromkeys(self.locator.location(spot) for spot in failure.related[:_MOST_RELATED]))
        scope = {**failure.scope, **_place(location)}
        bindings = {name: cell.value for name, cell in {**failure.row.shown, **failure.row.names}.items()}
        return Finding(
            pack=policy.pack,
            policy=policy.id,
            requirement=policy.requirement,
            severity=policy.severity,
            title=policy.title,
            message=_rendered(policy.message, scope),
            remedy=_rendered(policy.remedy, scope),
            location=location,
            related=tuple(entry for entry in related if entry != location),
            bindings=bindings,
            looked_in=judgement.searched if failure.missing else (),
            nearest=nearest,
            see=policy.see,
            fingerprint=_fingerprint(policy, location, bindings),
        )


def _place(location: Location | None) -> dict[str, Json]:
    return {
        "path": location.path if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
    }


def _rendered(template: Template, scope: Mapping[str, Any]) -> str:
    """The text for people; a template that runs out of fuel says so instead of its text."""
    if template.plain:
        return template.text.strip()
    try:
        return render(template.text, scope).strip()
    except TemplateFault as fault:
        return f"{template.text.strip()} ({fault})"


def _order(finding: Finding) -> tuple[object, ...]:
    location = finding.location
    place = location.place if location else None
    return (
        location.path if location else "",
        place.line if place else 0,
        place.column if place else 0,
        finding.message,
    )


def _fingerprint(policy: CompiledPolicy, location: Location | None, bindings: Mapping[str, Json]) -> str:
    """A digest that stays when lines move and files are renamed: the policy, the text at the place, the bindings."""
    text = ""
    if location and location.place and location.excerpt:
        place, excerpt = location.place, location.excerpt
        index = place.line - excerpt.first
        line = excerpt.lines[index] if 0 <= index < len(excerpt.lines) else ""
        text = " ".join(line.split())
    elif location:
        text = location.path.rsplit("/", 1)[-1]
    parts = [policy.ref, text, *(f"{name}={text_of(value)}" for name, value in sorted(bindings.items()))]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def outcome_of(judgement: Judgement, fails: bool = True) -> PolicyOutcome:
    """What the report says of one policy; `fails` is whether any of its findings counts."""
    policy = judgement.policy
    outcome = judgement.outcome
    if outcome == "fail" and not fails:
        outcome = "pass"
    return PolicyOutcome(
        pack=policy.pack,
        id=policy.id,
        title=policy.title,
        requirement=policy.requirement,
        severity=policy.severity,
        outcome=outcome,
        subjects=judgement.subjects,
        documents=len(judgement.documents),
        reasons=judgement.reasons if outcome == "undecided" else (),
        see=policy.see,
        remedy=policy.remedy.text,
        description=policy.description,
        deprecated=policy.deprecated,
    )


def notices_of(judgements: Iterable[Judgement]) -> list[Notice]:
    """One notice for each document that could not be searched to its end, with the policies that it keeps undecided."""
    policies: dict[tuple[str, str], list[str]] = {}
    for judgement in judgements:
        for reason in judgement.reasons:
            names = policies.setdefault(reason, [])
            if judgement.outcome == "undecided":
                names.append(judgement.policy.ref)
    return [
        Notice("unsearched", reason, Location(path) if path else None, tuple(names))
        for (path, reason), names in sorted(policies.items())
    ]
