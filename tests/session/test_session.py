"""A session says what a fresh run would say if the files of its overlay were on disk."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import polcheck
from mirrored import Mirrored, working_in, write
from polcheck.base.errors import PolcheckError, SubmissionError
from polcheck.scan.rows import FileRows
from polcheck.scan.workers import Task, search_files
from polcheck.selectors.results import SearchResult
from polcheck.sources.submission import of_bundle, of_files
from trees import OURS

CONFIG = "packs: [./packs/ours]\nexclude: ['packs/**', 'vendor/**']\n"
FILES = {**OURS, "polcheck.yaml": CONFIG, "src/a.py": "print(1)\n", "src/b.py": "x = 1\n", "README.md": "hello\n"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Mirrored]:
    result = Mirrored(tmp_path, FILES)
    with working_in(result.own):
        yield result
    result.session.close()


def found(text: str) -> list[tuple[str, str]]:
    """The policy and the path of each finding of a report."""
    return [(one["policy"], one["path"]) for one in json.loads(text)["findings"]]


def test_without_an_overlay_it_is_the_run(project: Mirrored) -> None:
    assert found(project.agreed()) == [("no-print", "src/a.py")]


def test_a_file_of_the_overlay_counts_as_if_it_were_written(project: Mirrored) -> None:
    project.overlay({"src/a.py": b"x = 1\n", "src/b.py": b"eval('1')\n"})
    assert found(project.agreed()) == [("no-eval", "src/b.py")]


def test_what_is_reverted_is_as_on_disk(project: Mirrored) -> None:
    project.overlay({"src/a.py": b"x = 1\n", "new.py": b"print(2)\n"})
    project.revert("src/a.py")
    assert found(project.agreed()) == [("no-print", "new.py"), ("no-print", "src/a.py")]
    project.revert("new.py")
    assert found(project.agreed()) == [("no-print", "src/a.py")]


@pytest.mark.parametrize("path", ["new.py", "src/new.py", "one/two/three.py", "src/sub/c.py"])
def test_a_new_file_is_listed(project: Mirrored, path: str) -> None:
    project.overlay({path: b"print(3)\n"})
    assert ("no-print", path) in found(project.agreed())


def test_a_file_that_is_gone_is_not_listed(project: Mirrored) -> None:
    project.overlay({"src/a.py": None, "nothing.py": None})
    report = json.loads(project.agreed())
    assert report["findings"] == []
    project.overlay(dict.fromkeys(FILES))
    assert "no pack is named" in project.agreed()


def test_a_folder_can_take_the_place_of_a_file_that_is_gone(project: Mirrored) -> None:
    project.overlay({"README.md": None, "README.md/a.py": b"print(1)\n"})
    assert found(project.agreed()) == [("no-print", "README.md/a.py"), ("no-print", "src/a.py")]


@pytest.mark.parametrize("path", ["vendor/a.py", "packs/ours/x.py"])
def test_an_excluded_file_stays_excluded(project: Mirrored, path: str) -> None:
    project.overlay({path: b"print(4)\n"})
    assert found(project.agreed()) == [("no-print", "src/a.py")]


def test_gitignore_in_the_overlay_counts(project: Mirrored) -> None:
    for root in (project.own, project.mirror):
        subprocess.run(["git", "init", "-q", root], check=True)
    project.session.refresh()
    project.overlay({".gitignore": b"a.py\n", "src/.gitignore": b"*.py\n!b.py\n", "src/c.py": b"print(1)\n"})
    assert found(project.agreed()) == []
    project.overlay({".gitignore": None})
    assert found(project.agreed()) == []
    project.revert("src/.gitignore")
    assert len(found(project.agreed())) == 2


def test_a_configuration_in_the_overlay_counts_and_a_broken_one_is_an_error(project: Mirrored) -> None:
    project.overlay({"polcheck.yaml": f"{CONFIG}severities: {{no-print: note}}\n".encode()})
    assert json.loads(project.agreed())["verdict"] == "pass"
    project.overlay({"polcheck.yaml": b"packs: [./packs/ours]\nexclude: 3\n"})
    ours, fresh = project.both()
    assert ours == fresh
    assert "polcheck.yaml:2" in ours
    project.revert("polcheck.yaml")
    assert found(project.agreed()) == [("no-print", "src/a.py")]


def test_a_pack_of_the_project_counts_as_it_is_in_the_overlay(project: Mirrored) -> None:
    policy = "id: no-x\ntitle: t\nforbid: {files: '**/*.py', pattern: x = 1}\nmessage: m\n"
    project.overlay({"packs/ours/policies/p.yaml": policy.encode(), "packs/ours/policies/q.yaml": None})
    assert found(project.agreed()) == [("no-x", "src/b.py")]
    project.overlay({"packs/ours/policies/p.yaml": b"id: [\n"})
    ours, fresh = project.both()
    assert ours == fresh


def test_a_pack_that_changes_on_disk_is_read_again(project: Mirrored) -> None:
    project.agreed()
    policy = "id: no-x\ntitle: t\nforbid: {files: '**/*.py', pattern: x = 1}\nmessage: m\n"
    project.save({"packs/ours/policies/p.yaml": policy})
    assert found(project.agreed()) == [("no-x", "src/b.py")]
    project.save({"packs/ours/policies/p.yaml": None, "packs/ours/policies/other.yaml": policy.replace("no-x", "no-y")})
    assert found(project.agreed()) == [("no-y", "src/b.py")]


def test_what_changes_on_disk_is_read_again_after_refresh(project: Mirrored) -> None:
    project.agreed()
    project.save({"src/a.py": "x = 1\n", "src/b.py": None, "src/c.py": "print(1)\n"})
    assert found(project.agreed()) == [("no-print", "src/c.py")]


def test_broken_and_undecodable_files_are_undecided_as_in_a_run(project: Mirrored) -> None:
    project.overlay({"src/a.py": b"\xff\xfe\x00", "src/b.py": b"def (:\n"})
    assert json.loads(project.agreed())["verdict"] == "none"
    project.overlay({"a\udcff.py": b"print(1)\n"})
    assert json.loads(project.agreed())["verdict"] == "fail"


def test_limits_hold_in_the_overlay(project: Mirrored) -> None:
    project.overlay({"polcheck.yaml": f"{CONFIG}limits: {{file_bytes: 100}}\n".encode(), "src/b.py": b"#" * 101})
    assert json.loads(project.agreed())["verdict"] != "pass"
    project.overlay({"polcheck.yaml": f"{CONFIG}limits: {{files: 5}}\n".encode(), "src/c.py": b"", "src/d.py": b""})
    ours, fresh = project.both()
    assert ours == fresh
    assert "more files than the limit" in ours


def test_what_is_written_to_a_link_is_written_to_where_it_leads(project: Mirrored) -> None:
    for root in (project.own, project.mirror):
        (root / "link.py").symlink_to("src/a.py")
        (root / "later.py").symlink_to("src/later.py")
        (root / "folder").symlink_to("src")
    project.session.refresh()
    project.overlay({"link.py": b"eval('1')\n", "later.py": b"print(1)\n", "folder/z.py": b"print(1)\n"})
    assert sorted(found(project.agreed())) == [
        ("no-eval", "link.py"), ("no-eval", "src/a.py"),
        ("no-print", "later.py"), ("no-print", "src/later.py"), ("no-print", "src/z.py"),
    ]  # fmt: skip
    project.overlay({"link.py": None, "src/later.py": None})
    project.agreed()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../x.py", "leaves the project"),
        ("/etc/x.py", "leaves the project"),
        ("a/../../x.py", "leaves the project"),
        ("", "leaves the project"),
        ("./x.py", "leaves the project"),
        ("x\0.py", "NUL"),
        (".git/config", "git's own"),
        ("sub/.git/x", "git's own"),
        ("out/x.py", "leads out"),
        ("out.py", "leads out"),
        ("src", "a file"),
        ("README.md/x.py", "is a file"),
        ("README.md/y/x.py", "is a file"),
    ],
)
def test_names_at_which_no_file_could_be_written_are_refused(project: Mirrored, path: str, why: str) -> None:
    (project.own / "out").symlink_to("/tmp")
    (project.own / "out.py").symlink_to("/etc/passwd")
    with working_in(project.own):
        with pytest.raises(SubmissionError, match=why):
            project.session.overlay({"src/b.py": b"print(1)\n", path: b"print(1)\n"})
        assert len(project.session.check().findings) == 1, "nothing of it was laid over"


def test_a_link_that_leads_out_can_be_removed(project: Mirrored) -> None:
    for root in (project.own, project.mirror):
        (root / "out.py").symlink_to("/etc/passwd")
    project.session.refresh()
    assert "a link that leaves the project" in project.agreed()
    project.overlay({"out.py": None})
    assert found(project.agreed()) == [("no-print", "src/a.py")]


def test_only_named_files_are_reported(project: Mirrored) -> None:
    project.overlay({"src/b.py": b"eval('1')\n"})
    assert found(project.agreed("src/b.py")) == [("no-eval", "src/b.py")]
    assert len(found(project.agreed("src", "README.md"))) == 2


def test_a_stranger_says_nothing_about_its_own_result(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    with polcheck.Session(tmp_path, tmp_path / "packs/ours", project=False) as session:
        session.overlay(
            {"polcheck.yaml": b"exclude: ['**']\n", "src/a.py": b"print(1)  # polcheck: ignore no-print -- x"}
        )
        report = session.check()
    assert [finding.location and finding.location.path for finding in report.failing] == ["src/a.py"]


def test_since_compares_the_overlay_with_the_revision(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    with polcheck.Session(tmp_path, since="HEAD") as session:
        assert session.check().failing == ()
        session.overlay({"src/b.py": b"print(2)\n"})
        assert [finding.location and finding.location.path for finding in session.check().failing] == ["src/b.py"]


def test_a_session_over_a_submission_in_memory(tmp_path: Path) -> None:
    write(tmp_path, OURS)
    checker = polcheck.checker(tmp_path / "packs/ours")
    files = {"a.py": b"print(1)\n", "b.py": b"x = 1\n"}

    def fresh(files: Mapping[str, bytes]) -> polcheck.Report:
        return checker.check(of_files(files))

    with polcheck.Session.of(checker, of_files(files)) as session:
        assert session.check() == fresh(files)
        session.overlay({"b.py": b"eval('1')\n", "a.py": None, "c/d.py": b"print(1)\n"})
        assert session.check() == fresh({"b.py": b"eval('1')\n", "c/d.py": b"print(1)\n"})
        session.revert(["b.py"])
        assert session.check() == fresh({"b.py": files["b.py"], "c/d.py": b"print(1)\n"})
        session.overlay({"b.py": None, "c/d.py": None})
        with pytest.raises(SubmissionError, match="nothing to check"):
            session.check()
        with pytest.raises(SubmissionError, match="leaves"):
            session.overlay({"../b.py": b""})


def test_a_session_over_a_bundle(tmp_path: Path) -> None:
    write(tmp_path, OURS)
    checker = polcheck.checker(tmp_path / "packs/ours")
    with polcheck.Session.of(checker, of_bundle({"a.py": "print(1)\n"})) as session:
        assert session.check() == checker.check(of_bundle({"a.py": "print(1)\n"}))
        session.overlay({"a.py": b"x\n"})
        assert session.check().verdict == "pass"


def test_a_check_can_be_cancelled(project: Mirrored) -> None:
    event = threading.Event()
    event.set()
    with pytest.raises(polcheck.Cancelled):
        project.session.check(cancel=event)
    with pytest.raises(polcheck.Cancelled):
        project.session.check(cancel=lambda: True)
    assert len(project.session.check(cancel=threading.Event()).findings) == 1


def test_a_closed_session_says_so(project: Mirrored) -> None:
    project.session.close()
    for use in (project.session.check, project.session.refresh, project.session.revert):
        with pytest.raises(PolcheckError, match="closed"):
            use()
    with pytest.raises(PolcheckError, match="closed"):
        project.session.overlay({"a.py": b""})


def test_a_session_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="not a folder"):
        polcheck.Session(tmp_path / "none")


def test_threads_lay_over_and_check_at_once(project: Mirrored) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        path = f"src/t{number}.py"
        try:
            for turn in range(6):
                project.session.overlay({path: b"print(1)\n" if turn % 2 else b"x = 1\n"})
                own = [f for f in project.session.check().findings if f.location and f.location.path == path]
                assert len(own) == turn % 2
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    with working_in(project.own):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_nothing_is_fetched(tmp_path: Path) -> None:
    write(tmp_path, {"polcheck.yaml": "packs: ['git+https://example.invalid/x/y@v1']\n", "a.py": "x\n"})
    with polcheck.Session(tmp_path) as session, pytest.raises(PolcheckError, match="not stored here"):
        session.check()


def test_the_overlay_does_not_outlive_a_check(project: Mirrored) -> None:
    from polcheck.base.overlay import overlay

    project.overlay({"src/a.py": b"x = 1\n"})
    project.session.check()
    assert overlay() is None


def test_a_waiver_expires_while_the_session_is_open(project: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    waiver = f"{CONFIG}waivers: [{{policy: no-print, reason: soon, expires: 2026-03-01}}]\n"
    project.save({"polcheck.yaml": waiver})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772366400")  # 2026-03-01
    assert json.loads(project.agreed())["verdict"] == "pass"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772452800")  # the day after
    assert json.loads(project.agreed())["verdict"] == "fail"


def test_since_follows_what_the_revision_means(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=b", *words], cwd=tmp_path, check=True)

    write(tmp_path, FILES)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "x")
    with polcheck.Session(tmp_path, since="HEAD") as session:
        write(tmp_path, {"src/b.py": "print(2)\n"})
        session.refresh()
        assert len(session.check().failing) == 1
        git("commit", "-qam", "y")
        session.refresh()
        assert session.check().failing == ()


def test_a_check_that_is_cancelled_anywhere_leaves_nothing_behind(project: Mirrored) -> None:
    """Whatever was done by then, the next check gives the report of a fresh run."""
    project.agreed()
    cancelled = 0
    for number in range(30):
        asked = iter(range(number))
        project.overlay({"src/b.py": b"eval('1')\n" * (number % 3), "src/a.py": b"print(1)\n" * (number % 2)})
        try:
            project.session.check(cancel=lambda asked=asked: next(asked, None) is None)
        except polcheck.Cancelled:
            cancelled += 1
        if number % 4 == 1:
            project.overlay({"src/b.py": b"x = 1\n"})
        project.agreed()
    assert 3 < cancelled < 30


def test_a_search_that_never_ends_is_cut_off_and_the_next_one_works(tmp_path: Path) -> None:
    """A file that could keep a parser busy is searched in a process that stays for others, and can be killed."""
    write(tmp_path, {**FILES, "polcheck.yaml": f"{CONFIG}limits: {{search_seconds: 0.2}}\n"})
    with polcheck.Session(tmp_path) as session:
        session.overlay({"src/b.py": b"/*a" * 40_000})
        assert session.check().verdict in ("fail", "none")
        session.overlay({"src/b.py": b"print(1)\n" + b"x = (\n" * 400})
        session.check()
        session.overlay({"src/b.py": b"print(1)\n" + b"x = 1\n" * 400})
        assert len(session.check().failing) == 2


def test_a_check_searches_what_has_changed_and_no_more(project: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither another severity nor another policy makes it search for what it knows; bytes that come back are known."""
    from polcheck.project import incremental

    searched: list[str] = []

    def search(tasks: Sequence[Task], *others: Any) -> dict[str, FileRows]:
        searched.extend(task.path for task in tasks)
        return search_files(tasks, *others)

    def since() -> list[str]:
        project.agreed()
        result = sorted(searched)
        searched.clear()
        return result

    monkeypatch.setattr(incremental, "search_files", search)
    assert since() == ["src/a.py", "src/b.py"]
    assert since() == []
    project.overlay({"src/b.py": b"eval('1')\n"})
    assert since() == ["src/b.py"]
    project.overlay({"polcheck.yaml": f"{CONFIG}severities: {{no-print: note}}\n".encode()})
    assert since() == []
    project.overlay({"README.md": b"other\n"})
    assert since() == []
    project.overlay({"src/b.py": b"x = 2\n"})
    assert since() == ["src/b.py"]
    project.overlay({"src/b.py": b"x = 3\n"})
    project.agreed()
    searched.clear()
    project.overlay({"src/b.py": b"x = 2\n"})
    assert since() == []
    project.overlay({"src/c.py": b"print(1)\n"})
    assert since() == ["src/c.py"]


def test_a_search_that_was_cut_off_is_made_again_after_refresh(
    project: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with each check, which would take as long each time, and not never: the machine may have been busy."""
    from polcheck.project import incremental

    calls: list[int] = []

    def cut_off(tasks: Sequence[Task], *others: Any) -> dict[str, FileRows]:
        calls.append(len(tasks))
        rows = search_files(tasks, *others)
        late = {0: SearchResult((), "it took more than the limit of 5 seconds")}
        return {path: replace(own, digest=b"", results=late) for path, own in rows.items()} if len(calls) == 1 else rows

    monkeypatch.setattr(incremental, "search_files", cut_off)
    assert project.session.check().verdict == "none"
    assert project.session.check().verdict == "none"
    project.session.refresh()
    project.agreed()
    assert sum(bool(number) for number in calls) == 2


@pytest.mark.parametrize("content", ["x = 1\n", 5, []])
def test_the_content_of_a_file_is_bytes(project: Mirrored, content: Any) -> None:
    """Anything else is refused, never turned into some bytes; nothing is laid over."""
    with pytest.raises(TypeError, match=r"a file's content is bytes.*`b\.py` has"):
        project.session.overlay({"a.py": b"eval('1')\n", "b.py": content})
