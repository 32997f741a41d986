from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcheck.base.errors import SubmissionError
from polcheck.sources.limits import ReadLimits
from polcheck.sources.submission import Submission
from polcheck.sources.target import read_submission


def read(text: str | bytes, **options: object) -> Submission:
    """What polcheck makes of a bundle on standard input."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return read_submission("-", stdin=io.BytesIO(data), **options)  # type: ignore[arg-type]


def test_a_bundle_is_an_object_of_texts(tmp_path: Path) -> None:
    """Each member of a bundle is a field, in UTF-8, that packs may place."""
    path = tmp_path / "bundle.json"
    path.write_text('{"train_py": "é\\n", "src/x.py": ""}', "utf-8")
    found = read_submission(path)
    assert dict(found.fields) == {"train_py": "é\n".encode(), "src/x.py": b""}
    assert (found.name, found.kind, dict(found.files)) == (str(path), "bundle", {})
    assert found.placed({"train_py": "src/train.py"}).paths == ("src/train.py", "src/x.py")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "gives nothing"),
        ("[]", "is not an object of strings but an array"),
        ("null", "is not an object of strings but null"),
        ('"x"', "is not an object of strings but a string"),
        ("3", "is not an object of strings but a number"),
        ('{"a": "", "b": 1}', "`b` is a number"),
        ('{"a": "", "b": true}', "`b` is a boolean"),
        ('{"a": null}', "`a` is null"),
        ('{"a": {"b": ""}}', "`a` is an object"),
        ('{"a": ["x"]}', "`a` is an array"),
        ("{}", "holds no file"),
        ('{"a": "1", "b": "", "a": "2"}', "repeats the key `a`"),
        ('{"a": "x",\n "b" "y"}', "is not JSON: expecting ':' delimiter: line 2, column 6"),
        ('{"a": "x"} {}', "is not JSON: extra data: line 1, column 12"),
        ("nothing", "is not JSON: expecting value: line 1, column 1"),
        ('{"a": NaN}', "`NaN` is not JSON"),
        (b'{"a":\n "\xc3\xa9\xff"}', "is not UTF-8: line 2, column 4"),
        ('{"a": ' + "[" * 200_000, "is nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "an integer of more than 4300 digits"),
        ('{"../x": ""}', "the path `../x` leaves the project"),
        ('{"/x": ""}', "the path `/x` leaves the project"),
        ('{"a\\\\b": ""}', "the path `a\\b` in the bundle `-` leaves the project"),
        ('{"C:x": ""}', "the path `C:x` in the bundle `-` leaves the project"),
        ('{"": ""}', "the path `` leaves the project"),
        ('{"a\\u0000": ""}', "NUL"),
        ('{"\\ud800": ""}', "is not UTF-8: '\\ud800'"),
    ],
)
def test_what_is_no_bundle_is_an_error(text: str | bytes, says: str) -> None:
    """Anything but an object of texts is refused, with the key or the place that is wrong."""
    with pytest.raises(SubmissionError) as caught:
        read(text)
    assert says in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    """A bundle may begin with a byte-order mark."""
    assert dict(read(b'\xef\xbb\xbf{"a": "x"}').fields) == {"a": b"x"}


def test_a_lone_surrogate_in_a_text_is_kept() -> None:
    """A text that isn't quite text is a file that can't be decoded, not a failure to read the bundle."""
    assert dict(read('{"a": "\\ud800"}').fields) == {"a": b"\xed\xa0\x80"}


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (ReadLimits(files=1), "`files` of 1"),
        (ReadLimits(file_bytes=5), "`bb` in the bundle `-` is over the limit `file_bytes` of 5"),
        (ReadLimits(path_length=1), "`path_length` of 1"),
        (ReadLimits(total_bytes=9), "`total_bytes` of 9"),
    ],
)
def test_bundles_have_limits(tmp_path: Path, limits: ReadLimits, says: str) -> None:
    """What exceeds a limit is refused by the limit's name, in a file and on standard input."""
    text = '{"a": "", "bb": "éééé"}'
    with pytest.raises(SubmissionError, match=says):
        read(text, limits=limits)
    (tmp_path / "-.json").write_text(text, "utf-8")
    with pytest.raises(SubmissionError, match=says.replace("`-`", ".*")):
        read_submission(tmp_path / "-.json", limits=limits)


def test_excluded_keys_are_left_out() -> None:
    """`exclude` speaks of the keys as they are in the bundle."""
    assert list(read('{"vendor/x": "", "y": ""}', exclude=["vendor/**"]).fields) == ["y"]
    with pytest.raises(SubmissionError, match="no file but ignored or excluded ones"):
        read('{"vendor/x": ""}', exclude=["vendor/**"])


@given(st.dictionaries(st.from_regex(r"[a-zé]{1,4}(/[a-z]{1,3})?", fullmatch=True), st.text(), min_size=1))
def test_texts_come_back(files: dict[str, str]) -> None:
    """Whatever texts go into a bundle come out of it."""
    for ascii_only in (True, False):
        found = read(json.dumps(files, ensure_ascii=ascii_only))
        assert dict(found.fields) == {name: text.encode("utf-8", "surrogatepass") for name, text in files.items()}
