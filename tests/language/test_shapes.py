"""What is found to have the right shape has it, as Cerberus says."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from polcheck.base.version import VERSION
from polcheck.policy.pack import _is_met
from polcheck.policy.schema import _fits
from polcheck.policy.schema_problems import faults

ROOT = Path(__file__).parents[2]
VALUES: tuple[Any, ...] = (
    None,
    "",
    " ",
    "x",
    "error",
    "9",
    0,
    -1,
    2,
    1.5,
    True,
    [],
    ["x"],
    [""],
    [None],
    {},
    {"x": 1},
    {"files": "*"},
)


@cache
def documents(name: str) -> list[tuple[str, Any]]:
    """The documents of the packs that ship, each with the name of its schema."""
    folder, schema = {"policy": ("policies", "policy"), "pack": ("", "pack")}[name]
    paths = sorted(ROOT.glob(f"policies/*/{folder}/*.yaml" if folder else "policies/*/pack.yaml"))
    return [(schema, each) for path in paths for each in yaml.safe_load_all(path.read_text("utf-8")) if each]


@cache
def schemas() -> Any:
    """The schemas of packs and policies, by name."""
    texts = [(ROOT / "schemas" / f"{name}.yaml").read_text("utf-8") for name in ("policy", "pack")]
    return {name: rules for text in texts for name, rules in yaml.safe_load(text).items()}


@pytest.mark.parametrize("name", ["policy", "pack"])
def test_what_ships_is_found_to_be_right_without_cerberus(name: str) -> None:
    """So that no run has to import it."""
    assert all(_fits(document, schemas()[schema], schemas()) for schema, document in documents(name))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each container in a value with each of its keys or indices."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [*((value, key) for key in keys), *(place for key in keys for place in places(value[key]))]


@settings(max_examples=300, deadline=None, phases=[Phase.generate])
@given(data=st.data(), name=st.sampled_from(["policy", "pack"]))
def test_a_document_is_right_exactly_where_cerberus_finds_no_problem(data: st.DataObject, name: str) -> None:
    """Also after a value has been put into another place, and a key has another name."""
    schema, document = data.draw(st.sampled_from(documents(name)))
    document = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(document) or [(document, "id")]))
        if isinstance(holder, dict) and data.draw(st.booleans()):
            holder[data.draw(st.sampled_from(["files", "code", "id", "x", "title", "where"]))] = holder.pop(key, "y")
        else:
            holder[key] = copy.deepcopy(data.draw(st.sampled_from(VALUES)))
    assert _fits(document, schemas()[schema], schemas()) is not bool(faults(document, schema, schemas()))


@settings(max_examples=200, deadline=None)
@given(
    requires=st.from_regex(r"\Apolcheck(>=|>|==)[0-2](\.[0-2]){0,3}\Z"),
    version=st.from_regex(r"\A[0-2](\.[0-2]){0,3}\Z"),
)
def test_a_requirement_that_is_met_at_sight_is_met(requires: str, version: str) -> None:
    """What is taken for met without `packaging`, it takes for met, too."""
    from packaging.requirements import Requirement

    if _is_met(requires, version):
        assert Requirement(requires).specifier.contains(version, prereleases=True)
    assert _is_met(f"polcheck>={VERSION}", VERSION)
