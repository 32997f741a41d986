"""Shipped packs in a run: of them only what the run needs is compiled, and the run is the same."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pack_files import schemas
from polcheck.base.errors import PolicyError
from polcheck.base.spans import Source
from polcheck.formats.values import Json
from polcheck.packs.shipped import shipped_packs
from polcheck.policy.origin import Problems, read
from polcheck.policy.pack import compile_packs, open_packs
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import AS_WRITTEN, Settings
from polcheck.policy.plain_heads import without_documents
from polcheck.project.library import open_packs as opened

_KEYS = ("id", "severity", "requirement", "tags")
_SETTINGS = {
    "default": Settings(),
    "as written": AS_WRITTEN,
    "one": Settings(select=("local-actions-exist", "PP3*"), ignore=("PP303",)),
}


@pytest.mark.parametrize("settings", _SETTINGS.values(), ids=_SETTINGS)
@pytest.mark.parametrize("name", shipped_packs())
def test_a_run_has_the_same_policies_as_one_that_compiles_all(name: str, settings: Settings) -> None:
    packs = opened(name)
    problems = Problems()
    whole, _ = open_packs(packs, settings, schemas(), problems)
    lean, _ = open_packs(packs, settings, schemas(), problems, whole=False)
    assert not problems.errors
    for one, other in zip(whole.packs, lean.packs, strict=True):
        assert (one.names, sorted(one.ids), one.params) == (other.names, sorted(other.ids), other.params)
        assert [(policy.ref, policy.severity, policy.path, policy.line, policy.message) for policy in one.policies] == [
            (policy.ref, policy.severity, policy.path, policy.line, policy.message) for policy in other.policies
        ]
    assert len(lean.probes) <= len(whole.probes)


@pytest.mark.parametrize("name", shipped_packs())
def test_what_policies_are_called_is_read_as_the_parser_reads_it(name: str) -> None:
    (pack,) = opened(name)
    for path in pack.below("policies", (".yaml",)):
        source = pack.source_of(path)
        every = {origin.line: origin.document for origin in read(source, Problems())}
        rest, heads = without_documents(source, dict)
        left = {origin.line for origin in read(rest, Problems())}
        assert heads == [_named(document) for line, document in every.items() if line not in left]


def _named(document: Json) -> dict[str, Json]:
    assert isinstance(document, dict)
    return {key: value for key, value in document.items() if key in _KEYS}


@pytest.mark.parametrize(
    "text",
    [
        "id: a\n  b\nseverity: note\n",  # goes on in the next line
        "id: a # b\n",
        "id: 'a'\n",
        "id: true\n",
        "id: a\nid: b\n",
        "{id: a}\n",
        "? id\n: a\n",
        "id: &a a\n",
        "id: a\r\nseverity: note\r\n",
        "%YAML 1.1\n---\nid: a\n",
        "id: a\n...\n",
        "tags: [a,\n  b]\nid: a\n",
    ],
)
def test_what_is_not_written_plainly_is_left_to_the_parser(text: str) -> None:
    source = Source("p.yaml", text.encode())
    assert without_documents(source, lambda fields: "left out")[0].data == source.data


def test_documents_that_are_left_out_leave_the_others_in_their_lines() -> None:
    text = 'id: a\ntext: |\n  x\n---\nid: b\n---\n# c\nid: c\ntags: [x, y]\nmessage: "---"\n'
    source, heads = without_documents(Source("p.yaml", text.encode()), _unless_b)
    assert heads == ["a", "c"]
    assert [(origin.document, origin.line) for origin in read(source, Problems())] == [({"id": "b"}, 5)]


def _unless_b(fields: Mapping[str, Json]) -> str | None:
    return str(fields["id"]) if fields["id"] != "b" else None


def test_a_broken_policy_that_is_not_in_the_run_stops_it_but_for_shipped_packs() -> None:
    head = b"name: p\nversion: 1.0.0\n"
    policy = "id: {}\ntitle: t\nforbid: {{files: x, where: {}}}\nmessage: m\n"
    files = {
        "pack.yaml": head,
        "policies/a.yaml": policy.format("a", "path").encode(),
        "policies/b.yaml": policy.format("b", "'nope ('").encode(),
    }
    settings = Settings(ignore=("b",))
    with pytest.raises(PolicyError):
        compile_packs([PackFiles("p", files)], settings, schemas())
    shipped = PackFiles("p", files, shipped=True)
    assert [policy.id for policy in compile_packs([shipped], settings, schemas()).policies] == ["a"]
    with pytest.raises(PolicyError):
        compile_packs([shipped], Settings(), schemas())
