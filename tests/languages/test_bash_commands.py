"""Commands and loops of bash are those that a shell runs, also where the grammar reads otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from typed import polcheck


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("for i do\n  rm $i\ndone\n", 1),
        ("for i \t do rm $i; done\n", 1),
        ("for a do for b do x; done; done # for c do\n", 2),
        ("echo 'for i do'\n", 0),
        ("for i do x; done; cat <<E\nwait for i do\nE\n", 1),
    ],
)
def test_a_loop_over_the_arguments_is_read(text: str, loops: int) -> None:
    """POSIX, 2.9.4: `do` may follow the name at once. Texts and comments stay as they are."""
    root = parse(Source("a.sh", text.encode()), "bash").tree.root_node
    left, found = [root], 0
    while left:
        node = left.pop()
        found += node.type == "for_statement"
        assert not node.is_error and (node.text or b"") == text.encode()[node.start_byte : node.end_byte]
        left += node.children
    assert found == loops


@pytest.mark.parametrize(
    "text",
    [
        "f() { if [[ $Q -ne 1 ]]; then echo; fi }\n",
        "f() { while a; do b; done\t }\n",
        "{ { a; } }\n",
        "{ (a) }\n",
        "(exec 3<>/dev/tcp/host/80) 2>/dev/null\n",
        "poetry@build --version | grep $(poetry version --short)\n",
        "eslint@9 . && git@host\n",
    ],
)
def test_what_only_the_grammar_refuses_is_read(text: str) -> None:
    """`bash -n` takes each of these. Every text is as it is written."""
    left = [parse(Source("a.sh", text.encode()), "bash").tree.root_node]
    while left:
        node = left.pop()
        assert not node.is_error and not node.is_missing
        assert (node.text or b"") == text.encode()[node.start_byte : node.end_byte]
        left += node.children


@pytest.mark.parametrize("text", ["{ a }\n", "{ find -exec rm {} }\n", "if a; fi }\n"])
def test_what_bash_refuses_keeps_its_fault(text: str) -> None:
    """A script that isn't one is undecided."""
    assert parse(Source("a.sh", text.encode()), "bash").tree.root_node.has_error


def test_what_is_no_loop_keeps_its_fault() -> None:
    """A script that isn't one stays undecided as it was."""
    assert parse(Source("a.sh", b"for i do\n  rm $i\n"), "bash").tree.root_node.has_error


def runs(text: str, tmp_path: Path) -> list[int]:
    """The lines at which a command `curl` is found."""
    (tmp_path / "a.sh").write_text(text)
    ran = polcheck("query", "--pattern", "curl ...", "-l", "bash", str(tmp_path / "a.sh"), "-f", "json")
    return [match["line"] for match in json.loads(ran.out)["matches"]]


@pytest.mark.parametrize(
    "text",
    [
        "true\n\\curl x\n",
        "if a; then\n\t\\curl x\nfi\n",
        "echo a \\\\\n\\curl x\n",
        "true\n\n\\curl x\n",
        "a\ncommand -p curl x\n",
        "a\ntime -p curl x\n",
        "a\ncoproc curl x\n",
        "a\nexec -cla z curl x\n",
        "a\nexec -a z curl x\n",
        "a\nbuiltin -- command -- curl x\n",
    ],
)
def test_what_is_run_is_found(text: str, tmp_path: Path) -> None:
    """A backslash before a command only keeps aliases out, and words before it only say how it is run."""
    lines = text.split("\n")
    assert runs(text, tmp_path) == [next(number for number, line in enumerate(lines, 1) if "curl" in line)]


@pytest.mark.parametrize(
    "text",
    [
        "echo a \\\n\\curl x\n",
        'echo "\n\\curl x"\n',
        "cat <<E\n\\curl x\nE\n",
        "a=(b\n\\curl x)\n",
        "command -v curl\n",
        "exec -a curl x\n",
        "time -f curl x\n",
    ],
)
def test_what_is_not_run_is_not_found(text: str, tmp_path: Path) -> None:
    """Arguments, strings, here-documents, and names that are looked up only."""
    assert runs(text, tmp_path) == []


def test_a_word_that_goes_on_in_the_next_line_is_undecided(tmp_path: Path) -> None:
    """The grammar takes it for two words, so nothing is known of what is run."""
    (tmp_path / "a.sh").write_text("cur\\\nl x\n")
    ran = polcheck("query", "--pattern", "curl ...", "-l", "bash", str(tmp_path / "a.sh"))
    assert ran.status == 2 and "a word goes on in the next line" in ran.err + ran.out


@pytest.mark.parametrize(
    "text",
    [
        "${{ env.CARGO }} build ${{ a.b && 'x}}' }}\n",
        'echo "a ${{ github.ref }} b" > ${{ runner.temp }}/x\n',
        "X=${{ f }} Y=\"${{ fromJSON(\n'[1]') }}\" run\n",
        'if [[ "${{ a }}" == ${{ b }} ]]; then cat <<E\n${{ c }}\nE\nfi\n',
        "for x in ${{ d }}; do echo $((${{ e }} + 1)); done\n",
    ],
)
def test_an_expression_of_github_is_an_expansion(text: str) -> None:
    """GitHub replaces it before bash runs: it is no variable, no command and no fault, and every text is as written."""
    root = parse(Source("a.sh", text.encode()), "bash").tree.root_node
    left, expansions, commands = [root], [], []
    while left:
        node = left.pop()
        assert not node.is_error and (node.text or b"") == text.encode()[node.start_byte : node.end_byte]
        expansions += [node.text] if node.type == "expansion" else []
        commands += [node.text] if node.type in ("command_name", "variable_name") else []
        left += node.children
    assert len(expansions) == text.count("${{")
    assert all((each or b"").startswith(b"${{") and (each or b"").endswith(b"}}") for each in expansions)
    assert all(b"${{" not in (each or b"") or (each or b"") == b"${{ env.CARGO }}" for each in commands)


def test_an_expression_without_end_is_none() -> None:
    """`${{` alone is what it was, a bad substitution."""
    assert parse(Source("a.sh", b"echo ${{ a\n"), "bash").tree.root_node.has_error
