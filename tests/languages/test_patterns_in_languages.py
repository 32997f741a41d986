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
    "c": """\
#include <stdio.h>
#include "user.h"
#define LIMIT 10

struct user { char *name; int ids[LIMIT]; };

static int load(const char *path, int mode)
{
    char text[256];
    FILE *file = fopen(path, "r");
    if (file == NULL) { return 1; } else { mode++; }
    while (fgets(text, 256, file)) { strcpy(name, text); }
    user->name = strdup(text);
    x = mode ? 1 : 2;
    return fclose(file);
}
""",
    "cpp": """\
#include <vector>

namespace app {
template <typename T> class User : public Base {
 public:
    explicit User(std::string name);
    virtual void run(int count) override;
    std::vector<int> ids;
};

void load(const std::string& path) {
    auto text = read(path);
    std::cout << text;
    try { parse(text); } catch (const Error& e) { throw Wrapped("x", e); }
    for (auto id : ids) { use(static_cast<long>(id)); }
    User* user = new User(path);
    user->run(1);
}
}
""",
    "kotlin": """\
package app
import java.io.File

data class Id(val value: Int)

class User(private val name: String) : Base(), Named {
    @Inject lateinit var repo: Repo

    override fun load(path: String, mode: Int): String? {
        val text = File(path).readText()
        println("read $path")
        if (text.isEmpty()) { return null } else { count() }
        try { parse(text) } catch (e: IOException) { throw Wrapped("x", e) } finally { close() }
        for (item in items) { item.use { it.run() } }
        return when (mode) { 1 -> text!!
            else -> text ?: "none" }
    }
}
""",
    "scala": """\
package app
import java.io.File

case class Id(value: Int)

@deprecated("old", "1") class User(name: String) extends Base with Named {
  private val limit: Int = 10
  override def load(path: String, mode: Int): Option[String] = {
    val text = Source.fromFile(path).mkString
    println(s"read $path")
    if (text == null) return None else count()
    try { parse(text) } catch { case e: IOException => throw new Wrapped("x", e) } finally { close() }
    mode match { case 1 => Some(text)
      case _ => None }
  }
}
object Main { def main(args: Array[String]): Unit = new User("n").load(args(0), 1) }
""",
    "swift": """\
import Foundation

struct Id: Codable { let value: Int }

@objc public final class User: Base, Named {
    private static var limit: Int = 10

    @discardableResult public func load(path: String, mode: Int) -> String? {
        let text = try! String(contentsOfFile: path)
        print("read \\(path)")
        if text.isEmpty { return nil }
        guard let first = text.first else { return nil }
        do { try parse(text) } catch { fatalError("x") }
        for item in items { item.run() }
        let other = value as! Id
        return text!
    }
}
""",
    "lua": """\
local json = require("cjson")
local M = {}

local function load(path, mode)
    local file, err = io.open(path, "r")
    if file == nil then return nil, err else count() end
    for key, value in pairs(items) do print(key .. value) end
    local text = file:read "*a"
    return json.decode(text)
end

function M.run(...) M.x = load { path = "a", 1 } end
return M
""",
    "hcl": """\
variable "name" { default = "app" }

resource "aws_s3_bucket" "logs" {
  bucket = "logs-${var.name}"
  acl    = "public-read"
  tags = {
    team = "a"
    tier = var.tier
  }
  ingress { cidr_blocks = ["0.0.0.0/0", "10.0.0.0/8"] }
  policy = jsonencode({ a = 1 })
  count  = var.on ? 1 : 0
}
""",
    "dockerfile": """\
ARG VERSION=3.12
FROM --platform=linux/amd64 python:3.12-slim AS build
FROM alpine
RUN apt-get update && \\
    apt-get install -y curl
RUN sudo pip install x
ENV A=b C="d e"
COPY --from=build /a /b
EXPOSE 80 443/tcp
USER root
CMD ["python", "-m", "app"]""",
    "make": """\
CC := gcc
export PATH = /usr/bin

.PHONY: all clean
all: main.o util.o
\t$(CC) -o main main.o
\t@echo done

clean:
\trm -rf build
include other.mk
""",
    "markdown": """\
# The tool

Some *text* that goes
on.

## Install it

- one
* two

```sh
curl x | sh
```

| a | b |
|---|---|
| 1 | 2 |
""",
    "html": """\
<html>
<body>
<img src="a.png" alt="A &amp; B">
<a href="x.html" target=_blank>go  there</a>
<script src="https://cdn.example/a.js"></script>
<DIV class="box"><p>one</p><p>two</p></DIV>
</body>
</html>
""",
    "css": """\
@import "other.css";
.box, #id { color: #FFF; margin: 0 auto; background: url("a.png") !important }
a:hover { COLOR: rgb(1, 2, 3); width: calc(1px + 2em) }
@media (max-width: 600px) { .box { display: none } }
""",
    "sql": """\
-- all of them
SELECT id, Name FROM users WHERE name = 'it''s';
select * from orders join users on orders.user_id = users.id;
DELETE FROM users;
DELETE FROM orders WHERE id = 1;
UPDATE users SET name = 'x' WHERE id = 2;
DROP TABLE IF EXISTS old CASCADE;
CREATE TABLE t (id INT PRIMARY KEY, name TEXT);
INSERT INTO t (id, name) VALUES (1, 'a');
GRANT ALL ON t TO bob;
""",
    "yaml": """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: "Run it"
        run: make
    env: {A: 1, B: 'two'}
""",
    "elixir": """\
defmodule App.User do
  use Ecto.Schema
  @limit 10

  def load(path, mode) do
    text = File.read!(path)
    IO.puts("read #{path}")
    if text == nil do raise "none" end
    items |> Enum.map(fn item -> item.name end)
    case mode do
      :raw -> text
      _ -> %{a: text, b: 1}
    end
  end
end
""",
    "haskell": """\
module App.User where

import Data.Maybe
import qualified Data.Map as Map

data User = Admin | Guest deriving (Show)

load :: String -> Maybe String
load path = if null path then Nothing else Just (fromJust (Map.lookup path table))

main = do
  text <- readFile "a.txt"
  putStrLn (text ++ "b")
  case text of
    "" -> exitFailure
    _ -> return (unsafePerformIO (load' text))
""",
    "nix": """\
{ pkgs, lib, ... }:
let
  version = "1.0";
in
pkgs.stdenv.mkDerivation {
  pname = "app-${version}";
  src = fetchurl { url = "http://x"; sha256 = lib.fakeSha256; };
  buildInputs = [ pkgs.zlib pkgs.curl ];
  meta.license = if lib.free then "MIT" else null;
  config = defaults // { a = 1; };
}
""",
    "solidity": """\
pragma solidity ^0.8.0;
import "./Base.sol";

contract Vault is Base {
    mapping(address => uint256) public balances;
    uint256 private constant LIMIT = 10;
    event Sent(address to, uint256 amount);

    function send(address payable to, uint256 amount) external onlyOwner returns (bool) {
        require(tx.origin == msg.sender, "no");
        (bool ok, ) = to.call{value: amount}("");
        if (ok) { emit Sent(to, amount); }
        uint256 left = balances[to];
        for (uint i = 0; i < 3; i++) { left--; }
        selfdestruct(to);
        return true;
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
    ("java", "private String $x = $v;", ['@Value("${app.key}") private final']),
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
    ("c", "strcpy(...)", ["strcpy(name, text)"]),
    ("c", "strcpy($x, $y);", ["strcpy(name, text);"]),
    ("c", 'fopen($p, "r")', ['fopen(path, "r")']),
    ("c", "$x == NULL", ["file == NULL"]),
    ("c", "if ($c) { ... }", ["if (file == NULL)"]),
    ("c", "while ($c) { ... }", ["while (fgets"]),
    ("c", "char $x[$n];", ["char text[256];"]),
    ("c", "FILE *$x = $v;", ["FILE *file = fopen"]),
    ("c", "int $f(...) { ... }", ["static int load"]),
    ("c", "struct $s { ... };", ["struct user"]),
    ("c", "char *$x;", ["char *name;"]),
    ("c", "$x->$y = $z;", ["user->name ="]),
    ("c", "#include <$x>", ["#include <stdio.h>"]),
    ("c", '#include "user.h"', ['#include "user.h"']),
    ("c", "#define $x $v", ["#define LIMIT 10"]),
    ("c", "$x ? $y : $z", ["mode ? 1 : 2"]),
    ("cpp", "std::cout << $x;", ["std::cout << text;"]),
    ("cpp", "new $C(...)", ["new User(path)"]),
    ("cpp", "auto $x = $v;", ["auto text = read(path);"]),
    ("cpp", "class $C { ... };", ["class User"]),
    ("cpp", "class $C : public Base { ... };", ["class User"]),
    ("cpp", "void $f(...) { ... }", ["void load"]),
    ("cpp", "static_cast<$t>($x)", ["static_cast<long>(id)"]),
    ("cpp", "std::vector<$t>", ["std::vector<int>"]),
    ("cpp", "std::vector<int> $x;", ["std::vector<int> ids;"]),
    ("cpp", "throw $E(...);", ['throw Wrapped("x", e);']),
    ("cpp", "catch (const $E& $e) { ... }", ["catch (const Error& e)"]),
    ("cpp", "for (auto $x : $y) { ... }", ["for (auto id : ids)"]),
    ("cpp", "namespace $n { ... }", ["namespace app"]),
    ("cpp", "$x->run($y);", ["user->run(1);"]),
    ("kotlin", "println($x)", ['println("read $path")']),
    ("kotlin", "File($p).readText()", ["File(path).readText()"]),
    ("kotlin", "val $x = $v", ["val text ="]),
    ("kotlin", "fun $f(...): String? { ... }", ["override fun load"]),
    ("kotlin", "fun $f(...) { ... }", ["override fun load"]),
    ("kotlin", "class $C { ... }", ["class User"]),
    ("kotlin", "data class $C(...)", ["data class Id"]),
    ("kotlin", "class $C : Base() { ... }", []),
    ("kotlin", "class $C : Base(), $T { ... }", ["class User"]),
    ("kotlin", "var $x: $t", ["@Inject lateinit var repo"]),
    ("kotlin", "$x!!", ["text!!"]),
    ("kotlin", "$x ?: $y", ['text ?: "none"']),
    ("kotlin", "if ($c) { ... }", ["if (text.isEmpty())"]),
    ("kotlin", "try { ... } catch ($e: IOException) { ... }", ["try { parse(text) }"]),
    ("kotlin", "catch ($e: $E) { ... }", ["catch (e: IOException)"]),
    ("kotlin", "for ($x in $y) { ... }", ["for (item in items)"]),
    ("kotlin", "$x.use { ... }", ["item.use { it.run() }"]),
    ("kotlin", "throw $E(...)", ['throw Wrapped("x", e)']),
    ("kotlin", "import java.io.$x", ["import java.io.File"]),
    ("scala", "println($x)", ['println(s"read $path")']),
    ("scala", "Source.fromFile($p).mkString", ["Source.fromFile(path).mkString"]),
    ("scala", "val $x = $v", ["private val limit", "val text"]),
    ("scala", "def $f(...): Option[String] = { ... }", ["override def load"]),
    ("scala", "def $f(...) = $v", ["override def load", "def main"]),
    ("scala", "class $C { ... }", ['@deprecated("old", "1") class User']),
    ("scala", "case class $C(...)", ["case class Id"]),
    ("scala", "object $o { ... }", ["object Main"]),
    ("scala", "new $C(...)", ['new Wrapped("x", e)', 'new User("n")']),
    ("scala", "throw new $E(...)", ['throw new Wrapped("x", e)']),
    ("scala", "$x match { ... }", ["mode match"]),
    ("scala", "case 1 => $x", ["case 1 => Some(text)"]),
    ("scala", "$x == null", ["text == null"]),
    ("scala", "import java.io.$x", ["import java.io.File"]),
    ("scala", "private val $x: $t = $v", ["private val limit"]),
    ("swift", "print($x)", ['print("read']),
    ("swift", "try! $x", ["try! String(contentsOfFile: path)"]),
    ("swift", "String(contentsOfFile: $p)", ["String(contentsOfFile: path)"]),
    ("swift", "let $x = $v", ["let text", "let other"]),
    ("swift", "func $f(...) -> String? { ... }", ["@discardableResult public func load"]),
    ("swift", "func $f(...) { ... }", ["@discardableResult public func load"]),
    ("swift", "class $C { ... }", ["@objc public final class User"]),
    ("swift", "struct $C: Codable { ... }", ["struct Id"]),
    ("swift", "private var $x = $v", ["private static var limit"]),
    ("swift", "guard let $x = $y else { ... }", ["guard let first"]),
    ("swift", "if $c { ... }", ["if text.isEmpty"]),
    ("swift", "do { ... } catch { ... }", ["do { try parse(text) }"]),
    ("swift", "$x as! $t", ["value as! Id"]),
    ("swift", "$x!", ["text!"]),
    ("swift", "return $x", ["return nil", "return nil", "return text!"]),
    ("swift", "for $x in $y { ... }", ["for item in items"]),
    ("swift", "import $x", ["import Foundation"]),
    ("lua", 'require("$m")', ['require("cjson")']),
    ("lua", "io.open($p, ...)", ['io.open(path, "r")']),
    ("lua", "$x:read($f)", ['file:read "*a"']),
    ("lua", "local $x = $v", ["local json", "local M", "local file", "local text"]),
    ("lua", "local $x, $e = $v", ["local file, err"]),
    ("lua", "function $f(...) ... end", ["local function load", "function M.run"]),
    ("lua", "local function $f(...) ... end", ["local function load"]),
    ("lua", "if $c then ... end", ["if file == nil"]),
    ("lua", "$x == nil", ["file == nil"]),
    ("lua", "for $k, $v in pairs($x) do ... end", ["for key, value"]),
    ("lua", "$x .. $y", ["key .. value"]),
    ("lua", "$x.$y = $z", ["M.x = load"]),
    ("lua", "return $x", ["return nil", "return json", "return M"]),
    ("lua", "{ path = $p, ... }", ['{ path = "a", 1 }']),
    ("elixir", "IO.puts($x)", ["IO.puts("]),
    ("elixir", "File.read!(...)", ["File.read!(path)"]),
    ("elixir", "$x = $v", ["text = File"]),
    ("elixir", "def $f(...) do ... end", ["def load"]),
    ("elixir", "defmodule $m do ... end", ["defmodule App.User"]),
    ("elixir", "use $m", ["use Ecto.Schema"]),
    ("elixir", "if $c do ... end", ["if text == nil"]),
    ("elixir", "raise $m", ['raise "none"']),
    ("elixir", "$x |> Enum.map(...)", ["items |> Enum.map"]),
    ("elixir", "fn $x -> $y end", ["fn item ->"]),
    ("elixir", "case $x do ... end", ["case mode do"]),
    ("elixir", "%{a: $x, ...}", ["%{a: text"]),
    ("elixir", "@limit $v", ["@limit 10"]),
    ("elixir", "$x == nil", ["text == nil"]),
    ("haskell", "fromJust $x", ["fromJust (Map"]),
    ("haskell", "unsafePerformIO $x", ["unsafePerformIO (load"]),
    ("haskell", "Map.lookup $k $m", ["Map.lookup path table"]),
    ("haskell", "$f :: $t", ["load :: String"]),
    ("haskell", "load $x = $y", ["load path ="]),
    ("haskell", "import Data.Maybe", ["import Data.Maybe"]),
    ("haskell", "import Data.$M", ["import Data.Maybe"]),
    ("haskell", "import qualified Data.Map as $m", ["import qualified"]),
    ("haskell", "if $c then $a else $b", ["if null path"]),
    ("haskell", "$x ++ $y", ['text ++ "b"']),
    ("haskell", "data $T = ...", ["data User"]),
    ("haskell", "readFile $x", ['readFile "a.txt"']),
    ("haskell", "Maybe $t", ["Maybe String"]),
    ("nix", "fetchurl { url = $u; ... }", ["fetchurl {"]),
    ("nix", "fetchurl { sha256 = $h; url = $u; }", ["fetchurl {"]),
    ("nix", "fetchurl $x", ["fetchurl {"]),
    ("nix", "pkgs.stdenv.mkDerivation $x", ["pkgs.stdenv.mkDerivation {"]),
    ("nix", "pname = $n;", ["pname ="]),
    ("nix", "version = $v", ["version = "]),
    ("nix", "let ... in $x", ["let"]),
    ("nix", "{ pkgs, ... }: $x", ["{ pkgs, lib"]),
    ("nix", "[ ... pkgs.curl ]", ["[ pkgs.zlib"]),
    ("nix", "if $c then $a else $b", ["if lib.free"]),
    ("nix", "$a // $b", ["defaults //"]),
    ("nix", "lib.$x", ["lib.fakeSha256", "lib.free"]),
    ("solidity", "tx.origin", ["tx.origin"]),
    ("solidity", "require(...)", ["require(tx.origin"]),
    ("solidity", "require($c, $m);", ["require(tx.origin"]),
    ("solidity", "$x.call{value: $v}(...)", ["to.call{value: amount}"]),
    ("solidity", "selfdestruct($x);", ["selfdestruct(to);"]),
    ("solidity", "contract $c { ... }", ["contract Vault"]),
    ("solidity", "contract $c is $b { ... }", ["contract Vault"]),
    ("solidity", "function $f(...) { ... }", ["function send"]),
    ("solidity", "function $f(...) external { ... }", ["function send"]),
    ("solidity", "uint256 $x = $v;", ["uint256 private constant LIMIT", "uint256 left"]),
    ("solidity", "mapping(address => $t) public $x;", ["mapping(address => uint256)"]),
    ("solidity", "emit $e(...);", ["emit Sent"]),
    ("solidity", "if ($c) { ... }", ["if (ok)"]),
    ("solidity", "return $x;", ["return true;"]),
    ("solidity", 'import "$p";', ['import "./Base.sol";']),
    ("solidity", "$x == msg.sender", ["tx.origin == msg.sender"]),
    ("hcl", "acl = $v", ["acl    ="]),
    ("hcl", 'acl = "public-read"', ["acl    ="]),
    ("hcl", 'resource "aws_s3_bucket" $n { ... }', ['resource "aws_s3_bucket" "logs"']),
    ("hcl", 'resource "$t" "$n" { ... acl = $v ... }', ['resource "aws_s3_bucket" "logs"']),
    ("hcl", "variable $n { default = $d }", ['variable "name"']),
    ("hcl", "tags = { team = $t ... }", ["tags = {"]),
    ("hcl", 'cidr_blocks = [..., "0.0.0.0/0", ...]', ["cidr_blocks ="]),
    ("hcl", "ingress { ... }", ["ingress {"]),
    ("hcl", "jsonencode(...)", ["jsonencode("]),
    ("hcl", "var.$x", ["var.name", "var.tier", "var.on"]),
    ("hcl", "$c ? $a : $b", ["var.on ? 1 : 0"]),
    ("dockerfile", "FROM $image", ["FROM --platform=linux/amd64 python", "FROM alpine"]),
    ("dockerfile", "FROM $image:$tag", ["FROM --platform=linux/amd64 python"]),
    ("dockerfile", "FROM python:3.12-slim", ["FROM --platform=linux/amd64 python"]),
    ("dockerfile", "FROM $image:$tag AS $name", ["FROM --platform=linux/amd64 python"]),
    ("dockerfile", "RUN apt-get update && apt-get install $x", ["RUN apt-get update"]),
    ("dockerfile", "RUN sudo ...", ["RUN sudo pip install x"]),
    ("dockerfile", "run sudo ...", ["RUN sudo pip install x"]),
    ("dockerfile", "USER root", ["USER root"]),
    ("dockerfile", "EXPOSE ... 443/tcp", ["EXPOSE 80"]),
    ("dockerfile", "ENV ... C=$v", ["ENV A=b"]),
    ("dockerfile", "COPY $a $b", ["COPY --from=build"]),
    ("dockerfile", 'CMD ["python", ...]', ["CMD ["]),
    ("dockerfile", "ARG $n=$v", ["ARG VERSION"]),
    ("make", "CC := $v", ["CC := gcc"]),
    ("make", "$n := gcc", ["CC := gcc"]),
    ("make", "export $n = $v", ["export PATH"]),
    ("make", ".PHONY: ...", [".PHONY: all clean"]),
    ("make", "all: ...\n\t...", ["all: main.o"]),
    ("make", "$t:\n\trm -rf ...", ["clean:"]),
    ("make", "\trm -rf $x", ["rm -rf build"]),
    ("make", "include $f", ["include other.mk"]),
    ("make", "$(CC)", ["$(CC)"]),
    ("make", "clean:", ["clean:"]),
    ("markdown", "# $title", ["# The tool"]),
    ("markdown", "## Install ...", ["## Install it"]),
    ("markdown", "Some *text* that goes on.", ["Some *text* that goes"]),
    ("markdown", "- $item", ["- one", "* two"]),
    ("markdown", "```sh\n...\n```", ["```sh"]),
    ("markdown", "```sh\ncurl $x | sh\n```", ["```sh"]),
    ("markdown", "```$lang\n...\n```", ["```sh"]),
    ("markdown", "| $a | $b |\n|---|---|\n| 1 | $c |", ["| a | b |"]),
    ("markdown", "| $a | $b |\n|---|---|\n...", ["| a | b |"]),
    ("markdown", "# The tool", ["# The tool"]),
    ("html", '<img src="$x" ...>', ["<img src="]),
    ("html", '<img alt="A & B" ...>', ["<img src="]),
    ("html", '<img src="$x">', []),
    ("html", '<a href="$x" target="_blank">...</a>', ["<a href="]),
    ("html", "<a ...>go there</a>", ["<a href="]),
    ("html", '<script src="$x"></script>', ["<script src="]),
    ("html", '<div class="box">...</div>', ["<DIV"]),
    ("html", "<p>$x</p>", ["<p>one</p>", "<p>two</p>"]),
    ("html", "<body>...</body>", ["<body>"]),
    ("html", 'target="$x"', ["target=_blank"]),
    ("css", "color: $x", ["color: #FFF", "COLOR: rgb"]),
    ("css", "color: #fff;", ["color: #FFF"]),
    ("css", "margin: ...", ["margin: 0 auto"]),
    ("css", ".box { ... }", [".box { display"]),
    ("css", "$s { color: $x; ... }", [".box, #id {", "a:hover {"]),
    ("css", "rgb($r, ...)", ["rgb(1, 2, 3)"]),
    ("css", '@import "$x";', ["@import"]),
    ("css", "@media (max-width: $w) { ... }", ["@media"]),
    ("css", "background: url($x) !important", ["background:"]),
    ("css", "calc($x)", ["calc(1px + 2em)"]),
    ("css", "#id", ["#id"]),
    ("sql", "DELETE FROM $t", ["DELETE FROM users"]),
    ("sql", "delete from $t where ...", ["DELETE FROM orders"]),
    ("sql", "SELECT * FROM ...", ["select * from orders"]),
    ("sql", "SELECT $a, name FROM users WHERE name = $v", ["SELECT id"]),
    ("sql", "UPDATE users SET name = '$v' WHERE ...", ["UPDATE users"]),
    ("sql", "DROP TABLE $t", ["DROP TABLE IF EXISTS old CASCADE"]),
    ("sql", "INSERT INTO $t (...) VALUES (...)", ["INSERT INTO t"]),
    ("sql", "CREATE TABLE $t (..., name TEXT)", ["CREATE TABLE t"]),
    ("sql", "GRANT ALL ON $t TO $u", ["GRANT ALL"]),
    ("sql", "name = 'it''s'", ["name = 'it''s'"]),
    ("yaml", "runs-on: $x", ["runs-on:"]),
    ("yaml", "uses: actions/checkout@$v", ["uses:"]),
    ("yaml", 'name: "$x"', ["name:"]),
    ("yaml", "run: make", ["run: make"]),
    ("yaml", "on: push", ["on: push"]),
    ("yaml", "A: 1", ["A: 1"]),
    ("yaml", "B: two", ["B: 'two'"]),
    ("yaml", "- name: $n\n  run: $r", ['- name: "Run it"']),
    ("yaml", "- ...", None),
    ("yaml", "env: {B: two, A: $a}", ["env:"]),
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
    of_values = {"github-expression", "github-condition"}  # have a test of their own: no file is in them
    assert languages().keys() - older - of_values == CODE.keys()
