"""Small programs in each language, in which tests of patterns know every place."""

from __future__ import annotations

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
RUN for a in b; do \\
      # one of them
      [ -s "$a" ]; \\
    done
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
