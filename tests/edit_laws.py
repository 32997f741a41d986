"""What every edit of every format has to hold, tried on any file: places, values and operations by chance."""

from __future__ import annotations

import configparser
import json
import random
import re
import shutil
import subprocess
import tempfile
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from msgspec import Struct, field

from polcheck.base.spans import Source, Unreadable
from polcheck.edits import operations
from polcheck.edits.edit import EditRefused, apply
from polcheck.edits.editor import OPERATIONS, editors
from polcheck.formats import parse_config
from polcheck.formats.values import Json, Pointer, Unparsable
from reference_readers import READERS, REFUSED, same

ODD = (
    *("plain", "yes", "1e3", "on", "2024-01-01", "0o17", "017", "a: b", "x # y", "", "it's", 'say "hi"', "two\nlines"),
    *("trailing\n", " lead", "~", "null", "*a", "&b", "- c", "#d", "é ü", "\t", "a\\b", "${x}", "%{x}", "{{ y }}"),
    *("=1", "[z]", "a,b", ":q", "@x", "`x`", "!t", "x:", "1_000", "12:30:00", "0x1F", ".5", "+1", "NaN", ".inf", "'q'"),
    *('"q"', "a;b", "a|b", "<a>&b</a>", "--- a", "? a", "😀", "true ", "\x07"),
)
DEEP: tuple[Json, ...] = (["a", "b"], {"k": "v"}, {"k": {"n": [1, {"z": "on"}]}}, [], {}, [{"k": 1}, {"k": 2}])
ANY: tuple[Json, ...] = (*ODD, 1, -5, 2.5, 1e22, True, False, None, *DEEP)
SECTION: Json = {"k": "v", "l": "w"}
STRINGS: tuple[Json, ...] = (*ODD, 7, True, SECTION)
MODULES: tuple[Json, ...] = (
    {"Path": "example.com/y", "Version": "v1.0.0"},
    {"Path": "example.com/z", "Version": "v2.0.0"},
    {"Path": "example.com/z/v2", "Version": "v2.0.0"},
)
VALUES: dict[str, tuple[Json, ...]] = {
    **dict.fromkeys(("ini", "editorconfig", "gitconfig", "dotenv", "properties", "systemd", "xml"), STRINGS),
    "csv": ODD,
    "tsv": ODD,
    "requirements": ("flask>=3.1", "a==1.0", "2.0", "b[c]~=1.2; python_version < '3.13'", "sha256:0af1", "x\ny"),
    "dockerfile": ("alpine:3.22", "app", "a b", "x\ny", "8080", {"instruction": "USER", "arguments": ["app"]}),
    "codeowners": ("*.md", "@me", "@org/team", "a b", "x\ny", {"pattern": "/x y", "owners": ["@me"]}),
    "gomod": ("v1.2.3", "1.25", "example.com/x", "../x", "x\ny", *MODULES),
}
MAPPED = ("yaml", "cloudformation", "json", "jsonc", "json5", "jsonl", "toml", "hcl", "notebook")
"""The formats whose values are more than strings."""
ROWS = ("requirements", "dockerfile", "codeowners")
KEYS = ("new-key", "zz", "aa", "a b", "on", "1", "x.y", "@id", "k=v", "é", 'q"', "# c")
POSITIONS = ("first", "last", "sorted")
_SAMPLES = 400


class Trial(NamedTuple):
    """One edit of one file that was made: the operation, its arguments, and the file before and after."""

    operation: str
    arguments: tuple[Any, ...]
    document: int
    before: bytes
    after: bytes


class Tally(Struct):
    """What came of the edits of many files."""

    files: Counter[str] = field(default_factory=Counter)
    exact: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)


def leaves(value: Json) -> list[tuple[Pointer, Json]]:
    """Values inside a value, with their pointers: so many."""
    found: list[tuple[Pointer, Json]] = [((), value)]
    for at, item in found:
        if len(found) > _SAMPLES:
            break
        members: Any = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        found += [((*at, step), member) for step, member in members]
    return found


def fits(operation: str, pointer: Pointer, value: Json, format: str) -> bool:
    """Whether an operation can mean anything at a place of a format."""
    rows = format in (*ROWS, "csv", "tsv")
    match operation:
        case "insert":
            return isinstance(value, dict) and not (format == "xml" and not pointer)
        case "append":
            return isinstance(value, list) and not (rows and pointer and pointer[-1] != "owners")
        case "rename":
            return bool(pointer) and isinstance(pointer[-1], str)
        case "delete" if rows:
            return len(pointer) == 1
        case "delete" if format == "gomod":
            return len(pointer) == 2 and isinstance(pointer[1], int)
        case "replace" if format not in MAPPED:
            return bool(pointer) and isinstance(value, str)
        case _:
            return bool(pointer)


def arguments(chance: random.Random, operation: str, format: str, value: Json) -> tuple[Any, ...] | None:
    """Arguments for an operation on a document; None where it has no place for it."""
    places = [at for at, item in leaves(value) if fits(operation, at, item, format)]
    if not places:
        return None
    pointer = chance.choice(places)
    new = chance.choice(VALUES.get(format, ANY))
    if operation == "append" and format in ("csv", "tsv", "markdown") and isinstance(value, list) and value:
        new = dict.fromkeys(value[0] if isinstance(value[0], dict) else (), chance.choice(ODD))
    more = {"replace": (new,), "append": (new,), "insert": (chance.choice(KEYS), new), "rename": (chance.choice(KEYS),)}
    return (pointer, *more.get(operation, ()))


def attempt(operation: str, format: str, source: Source, given: tuple[Any, ...], index: int, position: str) -> Any:
    """The edits of an operation."""
    options = {"position": position} if operation in ("insert", "append") else {}
    return getattr(operations, operation)(source, format, *given, index=index, **options)


def try_file(chance: random.Random, format: str, name: str, data: bytes, tally: Tally) -> None:
    """Makes one edit of each kind in a file, if it can be read, and notes what came of it."""
    source = Source(name, data)
    try:
        config = parse_config(source, format)
    except (Unparsable, Unreadable):
        return
    for operation in OPERATIONS:
        if not config.values or not editors()[format].supports(operation):
            continue
        index = chance.randrange(len(config.values))
        given = arguments(chance, operation, format, config.values[index])
        if given is None:
            continue
        tally.files[operation] += 1
        position = chance.choice(POSITIONS)
        try:
            edits = attempt(operation, format, source, given, index, position)
        except EditRefused as refusal:
            tally.refused[operation, reason(str(refusal))] += 1
            continue
        after = apply(data, edits)
        tally.exact[operation] += 1
        tally.trials.append(Trial(operation, given, index, data, after))
        faults = broken(operation, format, name, data, given, index, edits, after, position)
        tally.wrong += [f"{operation} {given} in document {index} of {name}: {fault}" for fault in faults]


def reason(text: str) -> str:
    """A reason without what differs from file to file."""
    parts = text.split("`")
    return "`…`".join(parts[::2])[:90]


def broken(
    operation: str,
    format: str,
    name: str,
    before: bytes,
    given: tuple[Any, ...],
    index: int,
    edits: Sequence[Any],
    after: bytes,
    position: str,
) -> Iterator[str]:
    """The laws that an edit breaks, beside that the file says what is wanted: its operation holds it to that."""
    pointer = given[0]
    if not (operation == "delete" and isinstance(pointer[-1], int)):
        try:
            again = attempt(operation, format, Source(name, after), given, index, position)
        except EditRefused as refusal:
            again = f"refused: {refusal}"
        if again != ():
            yield f"made twice, it changes something: {again}"
    removed = b"".join(before[edit.start : edit.end] for edit in edits)
    written = "".join(edit.text for edit in edits)
    if operation in ("insert", "append") and removed.strip() not in (b"", b"{}", b"[]", b"null", b"~"):
        yield f"an addition takes away {removed!r}"
    if operation == "delete" and written.strip() not in ("", "{}", "[]"):
        yield f"a deletion writes {written!r}"
    if operation != "delete" and before.endswith(b"\n") and not after.endswith(b"\n"):
        yield "the end of the last line is gone"
    crlf = before.count(b"\r\n")
    if (
        crlf
        and format not in ("csv", "tsv")
        and before.count(b"\n") == crlf
        and after.count(b"\n") != after.count(b"\r\n")
    ):
        yield "the lines end in two ways"
    if before.startswith(b"\xef\xbb\xbf") != after.startswith(b"\xef\xbb\xbf"):
        yield "the byte-order mark has changed"
    if operation in ("insert", "append", "rename") and (lost := comments(before) - comments(after)):
        yield f"comments are gone: {list(lost)[:3]}"


def comments(data: bytes) -> Counter[bytes]:
    """The lines that are a comment in most formats."""
    lines = (line.strip() for line in data.splitlines())
    return Counter(line for line in lines if line.startswith((b"#", b"//", b";", b"<!--")))


def by_yaml(texts: Sequence[str]) -> list[Any]:
    """PyYAML; keys that are no strings as polcheck has them."""
    return [_read(lambda text: [keyed(each) for each in yaml.load_all(text, Loader)], text) for text in texts]


class Loader(yaml.CSafeLoader):
    """One that takes an author's own tags for the mappings that polcheck has in their place."""


def _tagged(loader: Any, suffix: str, node: Any) -> Any:
    kinds = {"scalar": loader.construct_scalar, "sequence": loader.construct_sequence}
    construct = kinds.get(node.id, loader.construct_mapping)
    if node.id == "scalar" and not node.style:
        tag = loader.resolve(yaml.ScalarNode, node.value, (True, False))
        return {f"!{suffix}": loader.construct_object(yaml.ScalarNode(tag, node.value), deep=True)}
    return {f"!{suffix}": construct(node) if node.id == "scalar" else construct(node, deep=True)}


Loader.add_multi_constructor("!", _tagged)


def keyed(value: Any) -> Any:
    """A value with every key as a string."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else f"{key!r}": keyed(item) for key, item in value.items()}
    return [keyed(item) for item in value] if isinstance(value, list) else value


def undated(value: Any) -> Any:
    """A value with dates, times, infinities and NaN as one string: polcheck has them as they are written."""
    if isinstance(value, dict):
        return {key: undated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [undated(item) for item in value]
    text = str(value) if isinstance(value, str | date | time | float) else ""
    return "odd" if re.match(r"\d{4}-\d\d-\d\d|\d\d:\d\d|[-+]?(inf|nan)$", text) else value


def _read(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except Exception:
        return REFUSED


def by_git(text: str) -> Any:
    """What git lists of a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config")
        path.write_text(text, "utf-8", newline="")
        command = ["git", "config", "--file", str(path), "--list", "-z"]
        result = subprocess.run(command, capture_output=True, cwd=folder, check=False)
    return sorted(result.stdout.split(b"\0")) if result.returncode == 0 else REFUSED


def by_configparser(text: str) -> Any:
    """What configparser reads."""
    parser = configparser.RawConfigParser(allow_no_value=True, strict=False, default_section="\n")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text.replace("\r\n", "\n").replace("\r", "\n"))
    return {name: dict(parser[name]) for name in parser.sections()}


OWN: dict[str, Callable[[Sequence[str]], list[Any]]] = {
    "yaml": by_yaml,
    "json": lambda texts: [_read(json.loads, text) for text in texts],
    "toml": lambda texts: [_read(lambda text: undated(tomllib.loads(text)), text) for text in texts],
    "ini": lambda texts: [_read(by_configparser, text) for text in texts],
    **({"gitconfig": lambda texts: [by_git(text) for text in texts]} if shutil.which("git") else {}),
}
"""The readers of formats whose comparison with polcheck's stands elsewhere: they are asked what an edit changes."""


def compare(format: str, tally: Tally) -> None:
    """Asks another reader of the format what each edit did, and notes where it says something else."""
    with warnings.catch_warnings():  # of patterns that readers make of what they read
        warnings.simplefilter("ignore")
        _compare(format, tally)


def _compare(format: str, tally: Tally) -> None:
    trials = tally.trials
    old = list(dict.fromkeys(trial.before for trial in trials))
    reader = READERS.get(format)
    if format in OWN:
        before = dict(zip(old, OWN[format]([_text(each) for each in old]), strict=True))
        afters = OWN[format]([_text(trial.after) for trial in trials])
        for trial, after in zip(trials, afters, strict=True):
            _compare_change(format, trial, before[trial.before], after, tally)
    elif reader is not None:
        before = dict(zip(old, reader.read([_text(each) for each in old]), strict=True))
        afters = reader.read([_text(trial.after) for trial in trials])
        for trial, after in zip(trials, afters, strict=True):
            was = parse_config(Source("x", trial.before), format)
            now = parse_config(Source("x", trial.after), format)
            if not same(reader.ours(was.values), before[trial.before]) or (reader.lenient and after == REFUSED):
                continue
            tally.compared[trial.operation] += 1
            if not same(reader.ours(now.values), after):
                tally.wrong.append(f"{trial.operation} {trial.arguments}: the reference reads {str(after)[:300]!r}")


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig")


def _compare_change(format: str, trial: Trial, before: Any, after: Any, tally: Tally) -> None:
    """Compares what changes for the reference with what changes for polcheck.

    NOTE: the two need not agree on the file, as YAML 1.1 and 1.2 don't: where a value of the one differs before and
    after, that of the other does, too.
    """
    if before == REFUSED:
        return
    tally.compared[trial.operation] += 1
    where = f"{trial.operation} {trial.arguments} in document {trial.document}"
    if after == REFUSED:
        tally.wrong.append(f"{where}: the reference refuses the file")
        return
    if format == "gitconfig":
        return
    ours: Any = (
        parse_config(Source("x", trial.before), format).values,
        parse_config(Source("x", trial.after), format).values,
    )
    if format == "toml":
        ours = undated(list(ours[0])), undated(list(ours[1]))
    theirs = (before, after) if format == "yaml" else ([before], [after])
    mine, other = changes(list(ours[0]), list(ours[1])), changes(*theirs)
    if comparable(list(ours[0]), theirs[0]) and mine.keys() != other.keys():
        tally.wrong.append(f"{where}: polcheck sees {list(mine)[:5]} change, the reference {list(other)[:5]}")
    elif mine.keys() == other.keys():
        for place, new in mine.items():
            if trial.operation != "rename" and new is not GONE and not same(new, other[place]):
                tally.wrong.append(f"{where}: at {place} polcheck reads {new!r}, the reference {other[place]!r}")


def comparable(ours: Any, theirs: Any) -> bool:
    """Whether two readers see the same containers with the same keys."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(comparable(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(comparable, ours, theirs))
    return not isinstance(ours, dict | list) and not isinstance(theirs, dict | list)


class _Gone:
    def __repr__(self) -> str:
        return "nothing"


GONE: Any = _Gone()


def changes(before: Any, after: Any, at: Pointer = ()) -> dict[Pointer, Any]:
    """The places at which two values differ, as deep as can be, and what the second one has there."""
    if isinstance(before, dict) and isinstance(after, dict):
        found: dict[Pointer, Any] = {}
        for key in [*before, *(key for key in after if key not in before)]:
            if key not in after or key not in before:
                found[*at, key] = after.get(key, GONE)
            else:
                found |= changes(before[key], after[key], (*at, key))
        return found
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return {place: new for number, pair in enumerate(zip(before, after, strict=True))
                for place, new in changes(*pair, (*at, number)).items()}  # fmt: skip
    if isinstance(before, list) and isinstance(after, list):
        shorter = min(len(before), len(after))
        first = next((at for at in range(shorter) if not same(before[at], after[at])), shorter)
        last = next((at for at in range(shorter - first) if not same(before[-1 - at], after[-1 - at])), shorter - first)
        inserted = after[first : len(after) - last]
        return {(*at, first, len(after) - len(before)): inserted or GONE}
    return {} if same(before, after) and type(before) is type(after) else {at: after}
