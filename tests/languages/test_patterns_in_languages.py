"""Patterns in each language: expressions, statements, declarations, types, members and bodies with `...`."""

from __future__ import annotations

import pytest

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.languages.registry import languages
from polcheck.selectors.syntax.compile import compile_pattern
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.query_set import QuerySet

CODE = {
    "rust": """\
use std::env::var;

#[derive(Debug, Clone)]
pub struct User<T> { pub name: String, ids: Vec<T> }

impl Display for User<u8> {
    fn fmt(&self, f: &mut Formatter) -> Result { write!(f, "{}", self.name) }
}

pub async fn load(path: &str) -> Option<String> {
    let text: String = std::fs::read(path).unwrap();
    if let Some(x) = text.get(0) { println!("{}", x); } else { panic!("none") }
    match kind { Kind::A => 1, Kind::B(y) => y };
    return Some(text);
}
""",
    "java": """\
package a;
import java.util.List;

@Entity(name = "users")
public class User<T> extends Base implements Named {
    @Value("${app.key}") private final String key = "k";
    private List<String> names;

    @Override public void run(String path, int count) throws IOException {
        System.out.println(path);
        if (key == null) { return; } else { count++; }
        try { load(); } catch (IOException e) { throw new Wrapped("x", e); } finally { close(); }
        for (String name : names) { names.add(name); }
        Runnable r = new Runnable() { public void run() { } };
    }
}
""",
    "csharp": """\
using System.Text;

[Serializable]
public class User : Base, INamed
{
    private readonly string _name = "n";
    public string Name { get; set; }

    [Test]
    public async Task Run(string path, int count)
    {
        Console.WriteLine(path);
        var text = await File.ReadAllTextAsync(path);
        if (text == null) { return; } else { count++; }
        try { Load(); } catch (IOException e) { throw new Wrapped("x", e); } finally { Close(); }
        foreach (string name in names) { names.Add(name); }
        List<string> more = new List<string> { "a" };
        int Twice() => Console.Read();
    }
}
""",
    "ruby": """\
require 'json'

class User < ApplicationRecord
  validates :name, presence: true

  def load(path, mode = 'r')
    text = File.read(path)
    return nil if text.nil?
    raise ArgumentError, 'empty' unless text
    items.each do |item| puts item end
    begin
      JSON.parse text
    rescue JSON::ParserError => e
      log.warn("bad", error: e)
    end
    { :a => 1, b: 2 }
  end
end
""",
    "php": """\
<?php
namespace App\\Models;
use App\\Base;

final class User extends Base implements Named
{
    private ?string $name = 'n';

    public static function load(string $path, $mode = 'r'): ?string
    {
        $text = file_get_contents($path);
        if ($text === false) { return null; } else { $n++; }
        try { $this->parse($text); } catch (ParseError $e) { throw new Wrapped('x', $e); } finally { close(); }
        foreach ($items as $item) { echo $item; }
        return eval($_GET['code']);
    }
}
""",
}

FOUND = [
    ("rust", "$x.unwrap()", ["std::fs::read(path).unwrap()"]),
    ("rust", "println!(...)", ['println!("{}", x)']),
    ("rust", "println!(...);", ['println!("{}", x);']),
    ("rust", "std::fs::read($p)", ["std::fs::read(path)"]),
    ("rust", "fn $f(...) { ... }", ["fn fmt", "pub async fn load"]),
    ("rust", "fn $f(...) -> Option<$t> { ... }", ["pub async fn load"]),
    ("rust", "struct $s { ... }", ["pub struct User"]),
    ("rust", "struct $s { ... ids: $t, ... }", None),
    ("rust", "struct $s { ..., ids: $t }", ["pub struct User"]),
    ("rust", "impl $t for $s { ... }", ["impl Display for User"]),
    ("rust", "let $x = $v;", ["let text: String"]),
    ("rust", "let $x: $t = $v;", ["let text: String"]),
    ("rust", "if let Some($x) = $y { ... }", ["if let Some(x)"]),
    ("rust", "match $x { ..., Kind::B($y) => $z }", ["match kind"]),
    ("rust", "return $x;", ["return Some(text);"]),
    ("rust", "Vec<$t>", ["Vec<T>"]),
    ("rust", "ids: $t", ["ids: Vec<T>"]),
    ("rust", "use std::env::$x;", ["use std::env::var;"]),
    ("rust", "#[derive(...)]", ["#[derive(Debug, Clone)]"]),
    ("rust", '"$s"', ['"{}"', '"{}"', '"none"']),
    ("java", "System.out.println($x)", ["System.out.println(path)"]),
    ("java", "System.out.println(...);", ["System.out.println(path);"]),
    ("java", "$x.add($y)", ["names.add(name)"]),
    ("java", "if ($c == null) { ... }", ["if (key == null)"]),
    ("java", "try { ... } catch (IOException $e) { ... }", ["try { load(); }"]),
    ("java", "catch ($E $e) { ... }", ["catch (IOException e)"]),
    ("java", "throw new $E(...);", ['throw new Wrapped("x", e);']),
    ("java", "new $C(...)", ['new Wrapped("x", e)', "new Runnable()"]),
    ("java", "class $C { ... }", ['@Entity(name = "users")']),
    ("java", "class $C extends $B { ... }", ['@Entity(name = "users")']),
    ("java", "private final String $x = $v;", []),
    ("java", '@Value("$k") private final String $x = $v;', ['@Value("${app.key}") private final']),
    ("java", "private List<String> $x;", ["private List<String> names;"]),
    ("java", "List<$t> $x;", ["private List<String> names;"]),
    ("java", "void $f(...) { ... }", ["@Override public void run", "public void run()"]),
    ("java", "@Override", ["@Override"]),
    ("java", '@Value("$k")', ['@Value("${app.key}")']),
    ("java", "List<$t>", ["List<String>"]),
    ("java", "import java.util.$x;", ["import java.util.List;"]),
    ("java", "for (String $x : $y) { ... }", ["for (String name : names)"]),
    ("java", '"$s"', ['"users"', '"${app.key}"', '"k"', '"x"']),
    ("csharp", "Console.WriteLine(...);", ["Console.WriteLine(path);"]),
    ("csharp", "Console.$m(...)", ["Console.WriteLine(path)", "Console.Read()"]),
    ("csharp", "Console.Read();", ["Console.Read()"]),
    ("csharp", "$x == null", ["text == null"]),
    ("csharp", "await $x", ["await File.ReadAllTextAsync(path)"]),
    ("csharp", "if ($c) { ... }", ["if (text == null)"]),
    ("csharp", "try { ... } catch (IOException $e) { ... }", ["try { Load(); }"]),
    ("csharp", "throw new $E(...);", ['throw new Wrapped("x", e);']),
    ("csharp", "new $C(...)", ['new Wrapped("x", e)']),
    ("csharp", "class $C { ... }", ["[Serializable]"]),
    ("csharp", "class $C : ... { ... }", ["[Serializable]"]),
    ("csharp", "string $x = $v;", ['private readonly string _name = "n";']),
    ("csharp", "public string $p { get; set; }", ["public string Name { get; set; }"]),
    ("csharp", "Task $f(...) { ... }", ["[Test]"]),
    ("csharp", "[Test]", ["[Test]"]),
    ("csharp", "List<$t>", ["List<string>", "List<string>"]),
    ("csharp", "foreach ($T $x in $y) { ... }", ["foreach (string name in names)"]),
    ("csharp", "using System.$x;", ["using System.Text;"]),
    ("csharp", "var $x = $v;", ["var text ="]),
    ("ruby", "File.read($p)", ["File.read(path)"]),
    ("ruby", "puts($x)", ["puts item"]),
    ("ruby", "JSON.parse(...)", ["JSON.parse text"]),
    ("ruby", "log.warn(..., error: $e)", ['log.warn("bad", error: e)']),
    ("ruby", "class $c < ApplicationRecord\n  ...\nend", ["class User"]),
    ("ruby", "class $c\n  ...\nend", ["class User"]),
    ("ruby", "def $f(...)\n  ...\nend", ["def load"]),
    ("ruby", "$x.each do |$y| ... end", ["items.each do |item|"]),
    ("ruby", "raise $e, $m", ["raise ArgumentError, 'empty'"]),
    ("ruby", "raise $e, $m unless $c", ["raise ArgumentError, 'empty' unless text"]),
    ("ruby", "begin\n  ...\nrescue $e => $x\n  ...\nend", ["begin"]),
    ("ruby", "require '$x'", ["require 'json'"]),
    ("ruby", "$x = $y", ["text = File.read(path)"]),
    ("ruby", "{ :a => $x, ... }", ["{ :a => 1, b: 2 }"]),
    ("ruby", "validates :name, ...", ["validates :name, presence: true"]),
    ("php", "file_get_contents($x)", ["file_get_contents($path)"]),
    ("php", "$x = file_get_contents(...);", ["$text = file_get_contents($path);"]),
    ("php", "eval($_GET[$k])", ["eval($_GET['code'])"]),
    ("php", "$this->$m(...)", ["$this->parse($text)"]),
    ("php", "parse($$text)", []),
    ("php", "$this->parse($$text);", ["$this->parse($text);"]),
    ("php", "$x === false", ["$text === false"]),
    ("php", "if ($c) { ... }", ["if ($text === false)"]),
    ("php", "try { ... } catch (ParseError $e) { ... }", ["try { $this->parse"]),
    ("php", "throw new $E(...);", ["throw new Wrapped('x', $e);"]),
    ("php", "class $C extends $B { ... }", ["final class User"]),
    ("php", "function $f(...) { ... }", ["public static function load"]),
    ("php", "public function $f(...) { ... }", ["public static function load"]),
    ("php", "private $x = $v;", ["private ?string $name = 'n';"]),
    ("php", "foreach ($x as $y) { ... }", ["foreach ($items as $item)"]),
    ("php", "use App\\$x;", ["use App\\Base;"]),
    ("php", "return $x;", ["return null;", "return eval"]),
]


def matches(language: str, pattern: str) -> list[str]:
    """The texts in which a pattern is found in the sample of a language, in order."""
    source = Source("a", CODE[language].encode())
    tree = parse(source, language)
    assert not tree.tree.root_node.has_error
    result = QuerySet([compile_pattern([pattern], language)]).search(tree).get(0)
    spans = sorted(hit.span for hit in result.matches if hit.span is not None) if result is not None else []
    return [source.text[span.start : span.end] for span in spans]


@pytest.mark.parametrize(("language", "pattern", "found"), FOUND)
def test_a_pattern_finds_what_it_says(language: str, pattern: str, found: list[str] | None) -> None:
    """Exactly the places whose texts begin so, or it is refused because it isn't code of the language."""
    if found is None:
        with pytest.raises(SyntaxProblem):
            compile_pattern([pattern], language)
        return
    texts = matches(language, pattern)
    assert [text[: len(start)] for text, start in zip(texts, found, strict=False)] == found
    assert len(texts) == len(found), texts


@pytest.mark.parametrize("language", sorted(CODE))
def test_every_kind_of_pattern_is_tried(language: str) -> None:
    """There are ten patterns and more of each language."""
    assert sum(row[0] == language for row in FOUND) >= 10


def test_every_programming_language_has_a_sample() -> None:
    """A language that is added to the registry is added here."""
    older = {"python", "bash", "javascript", "typescript", "tsx", "go", "json", "toml"}
    assert languages().keys() - older == CODE.keys()
