"""What texts name which sources, and what a text means in a pack from somewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcheck.packs.sources import Archive, Folder, Git, Named, Oci, SourceError, group_of, joined, parse

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("python-project", Named("python-project")),
        ("acme.web_2", Named("acme.web_2")),
        ("./python-project", Folder("./python-project")),
        ("policies/web/", Folder("./policies/web")),
        ("../x/./y/../z", Folder("../x/z")),
        ("/abs/x", Folder("/abs/x")),
        (".", Folder(".")),
        ("git+https://h.example/a/p.git", Git("https://h.example/a/p.git")),
        ("git+https://h.example/a/p@v3#subdirectory=web/", Git("https://h.example/a/p", "v3", "web")),
        ("git+ssh://git@h.example:2222/a/p.git@v3", Git("ssh://git@h.example:2222/a/p.git", "v3")),
        ("git+file:///a/p.git@feature/x", Git("file:///a/p.git", "feature/x")),
        ("git+http://localhost:8080/p@main", Git("http://localhost:8080/p", "main")),
        ("oci://h.example/a/p", Oci("h.example", "a/p", "latest")),
        ("oci://h.example:5000/a/p:1.0", Oci("h.example:5000", "a/p", "1.0")),
        (f"oci://h.example/p:1.0@{DIGEST}", Oci("h.example", "p", "1.0", DIGEST)),
        (f"oci://h.example/p@{DIGEST}", Oci("h.example", "p", "", DIGEST)),
        ("oci://[::1]:5000/p:1", Oci("[::1]:5000", "p", "1")),
        ("packs/acme-1.0.tar.gz", Archive("./packs/acme-1.0.tar.gz")),
        ("../acme.zip#subdirectory=web", Archive("../acme.zip", "web")),
        ("https://h.example/acme.tar.gz?x=1#subdirectory=web", Archive("https://h.example/acme.tar.gz?x=1", "web")),
        ("http://127.0.0.1:8000/acme.zip", Archive("http://127.0.0.1:8000/acme.zip")),
    ],
)
def test_a_text_names_a_source(text: str, source: object) -> None:
    """Each form is told apart, and the source's own text means the same again."""
    assert parse(text) == source
    assert parse(str(source)) == source


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" x", "not a source"),
        ("a\nb", "not a source"),
        ("ftp://h.example/x.zip", "not a source"),
        ("git+git@h.example:a/p", "not a source"),
        ("git+ext::sh -c x", "not a source"),
        ("git+http://h.example/p", "not encrypted"),
        ("git+https://h.example/p@", "no revision"),
        ("git+https://h.example/p@--upload-pack=x", "no revision"),
        ("git+https://h.example", "no repository"),
        ("git+https:///p", "no host"),
        ("git+https://me:secret@h.example/p", "a password has no place"),
        ("git+https://h.example/p#web", "no folder after `#`"),
        ("git+https://h.example/p#subdirectory=../x", "no folder after `#`"),
        ("git+https://h.example:x/p", "not a URL"),
        ("oci://h.example", "names no repository"),
        ("oci://h.example/UPPER:1", "names no repository"),
        ("oci://h.example/p:", "neither a tag nor a digest"),
        ("oci://h.example/p@sha256:12", "neither a tag nor a digest"),
        ("http://h.example/x.zip", "not encrypted"),
        ("https://h.example/x", "not an archive"),
    ],
)
def test_a_text_that_names_none_is_refused(text: str, said: str) -> None:
    """Each says why, and no secret comes back in the text."""
    with pytest.raises(SourceError) as error:
        parse(text)
    assert said in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("parent", "text", "found"),
    [
        ("./packs/ours", "../base", "./packs/base"),
        ("./packs/ours", "../../../else", "../else"),
        ("./packs/ours", "base.zip", "./packs/ours/base.zip"),
        ("/packs/ours", "/packs/base", "/packs/base"),
        ("./packs/ours", "python-project", "python-project"),
        ("git+https://h.example/p@v1#subdirectory=ours", "../base", "git+https://h.example/p@v1#subdirectory=base"),
        ("git+https://h.example/p@v1#subdirectory=ours", "..", "git+https://h.example/p@v1"),
        ("https://h.example/p.zip#subdirectory=a/b", "../c", "https://h.example/p.zip#subdirectory=a/c"),
        ("oci://h.example/p:1", "git+https://h.example/p@v1", "git+https://h.example/p@v1"),
        ("oci://h.example/p:1", "python-project", "python-project"),
        ("git+file:///p@v1", "git+file:///q@v1", "git+file:///q@v1"),
    ],
)
def test_paths_begin_at_the_pack_that_names_them(parent: str, text: str, found: str) -> None:
    """A relative path leads from pack to pack, in a repository too."""
    assert str(joined(parse(parent), text)) == found


@pytest.mark.parametrize(
    ("parent", "text"),
    [
        ("git+https://h.example/p@v1", "../base"),
        ("git+https://h.example/p@v1#subdirectory=a", "../../base"),
        ("git+https://h.example/p@v1", "/etc"),
        ("git+https://h.example/p@v1", "git+file:///home/me/p"),
        ("git+https://h.example/p@v1", "http://127.0.0.1/x.zip"),
        ("git+https://h.example/p@v1", "x.zip"),
        ("oci://h.example/p:1", "../base"),
        ("oci://h.example/p:1", "oci://localhost:5000/p:1"),
        ("acme", "../base"),
        ("acme", "/etc"),
        ("acme", "git+file:///p"),
        ("acme", "x.zip"),
    ],
)
def test_a_pack_from_elsewhere_does_not_reach_into_this_machine(parent: str, text: str) -> None:
    """Neither files nor local servers are any business of it."""
    with pytest.raises(SourceError):
        joined(parse(parent), text)


def test_what_is_fetched_together_is_one_group() -> None:
    """Folders of one repository at one revision go together."""
    one, two = parse("git+https://h.example/p@v1#subdirectory=a"), parse("git+https://h.example/p@v1#subdirectory=b")
    assert group_of(one) == group_of(two) != group_of(parse("git+https://h.example/p@v2#subdirectory=a"))


@given(st.text(max_size=60) | st.from_regex(r"(git\+|oci://|https?://|\./)[ -~]{0,40}"))
def test_every_text_is_a_source_or_refused(text: str) -> None:
    """No text raises anything else, and what is a source keeps its meaning when it's written again."""
    try:
        source = parse(text)
    except SourceError:
        return
    assert parse(str(source)) == source
