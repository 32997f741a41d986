"""Each format is read as its reference reader reads it, and every place holds what it is the place of."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from polcheck.base.spans import Source, Unreadable
from polcheck.formats import parse_config
from polcheck.formats.values import Config, Json, Pointer, Unparsable
from reference_readers import READERS, REFUSED, Reader, corpus, made_up, same

_SAMPLE = 300


def config_of(reader: Reader, text: str) -> Config | None:
    """What polcheck reads; None for what it refuses."""
    try:
        return parse_config(Source("x", text.encode("utf-8", "surrogatepass")), reader.name)
    except (Unparsable, Unreadable):
        return None


def compared(reader: Reader, texts: list[str]) -> tuple[int, int, list[str]]:
    """How many texts both read alike, how many only polcheck refuses, and the texts that they read otherwise."""
    equal, refused = 0, 0
    wrong = list[str]()
    for text, theirs in zip(texts, reader.read(texts), strict=True):
        config = config_of(reader, text)
        if config is None:
            refused += theirs != REFUSED
        elif (reader.lenient and theirs == REFUSED) or same(reader.ours(config.values), theirs):
            equal += 1
            wrong += [f"{text!r}: {fault}" for fault in misplaced(reader, text, config)]
        else:
            wrong.append(f"{text!r}: ours {reader.ours(config.values)!r}, theirs {theirs!r}")
    return equal, refused, wrong


def leaves(value: Json) -> list[tuple[Pointer, Json]]:
    """Every value inside a value, with its pointer."""
    found: list[tuple[Pointer, Json]] = [((), value)]
    for at, item in found:
        members: Any = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        found += [((*at, step), member) for step, member in members]
    return found


def misplaced(reader: Reader, text: str, config: Config) -> list[str]:
    """What is wrong with the places of values and keys: each read again by itself gives what it is the place of."""
    text = text.removeprefix("\ufeff")
    faults = list[str]()
    for index, document in enumerate(config.values):
        for pointer, value in leaves(document)[:200]:
            where = config.locate(index, pointer)
            if not 0 <= where.value.start <= where.value.end <= len(text):
                faults.append(f"{pointer} is outside of the text")
            written = text[slice(*where.value)]
            scalar = value is not None and not isinstance(value, dict | list)
            if scalar and reader.value is not None and again(reader, reader.value(written), reader.at) != value:
                faults.append(f"{pointer} is {value!r}, and at its place stands {written!r}")
            shown = reader.shown(pointer, written) if reader.shown is not None and isinstance(value, str) else None
            if shown is not None and shown != value:
                faults.append(f"{pointer} is {value!r}, and at its place stands {written!r}")
            if reader.key is not None and where.key is not None:
                key = text[slice(*where.key)]
                if again(reader, reader.key(key), (pointer[-1],)) is REFUSED:
                    faults.append(f"the key of {pointer} is not {key!r}")
    return faults


def again(reader: Reader, text: str, at: Pointer) -> Any:
    """The value at a pointer of a text that embeds one place."""
    config = config_of(reader, text)
    value: Any = config.values[0] if config and config.values else REFUSED
    for step in at:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return REFUSED
    return value


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize("count", [_SAMPLE, pytest.param(4_000, marks=pytest.mark.corpus)])
def test_made_up_files_are_read_as_the_reference_reads_them(name: str, count: int) -> None:
    """Texts of pieces of the format, many of them broken: what is read is what the reference reads, at its place."""
    reader = READERS[name]
    equal, _, wrong = compared(reader, made_up(reader, count))
    assert not wrong, "\n".join([f"{len(wrong)} differ", *wrong[:20]])
    assert equal > count // 30


@pytest.mark.corpus
@pytest.mark.parametrize("name", sorted(READERS))
def test_real_files_are_read_as_the_reference_reads_them(name: str) -> None:
    """Files of public projects, below the folders in POLCHECK_FORMATS_CORPUS."""
    reader = READERS[name]
    texts = list[str]()
    for path in corpus(reader):
        data = path.read_bytes()
        try:
            texts.append(Source("x", data).text)
        except Unreadable:
            continue
    if not texts:
        pytest.skip("no folder in POLCHECK_FORMATS_CORPUS holds such files")
    texts = list(dict.fromkeys(text for text in texts if len(text) < 400_000))[:3000]
    equal, refused, wrong = compared(reader, texts)
    figures = f"{name}: {len(texts)} files, {equal} equal, {refused} refused by polcheck alone, {len(wrong)} differ"
    sys.stdout.write(figures + "\n")
    assert not wrong, "\n".join([f"{len(wrong)} differ", *(line[:600] for line in wrong[:20])])
    assert refused <= len(texts) // 20
