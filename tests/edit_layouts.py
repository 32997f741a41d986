"""Files of each format as people lay them out."""

# ruff: noqa: E501 - a file is on one line where that shows its white space best

from __future__ import annotations

YAML = (
    """\
# what this is
name: a  # tail
on:
  push:
    branches: [main, "release/*"]

  pull_request:
env: {A: 1, 'B': "x", }
jobs:
  # the first
  test: &job
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
      with:
        fetch-depth: 0
    - run: |
        make
        make test

    # the last
    - name: z
      if: ${{ always() }}
  lint:
    <<: *job
    timeout-minutes: 5
""",
    "---\n- a\n-   b: 1\n    c:\n    - d\n\n- [x, [y]]\n---\nsecond: >-\n  folded\n  text\nkey: 'q'\n...\n",
    "a:\n    b:\n        c: null\n        d: ~\n    e: {f: {g: [1,\n      2], h: i}}\n'quoted key': \"v\"\n? complex\n: 1\n",
    "key: !secret x\nlist: !own [1]\nempty:\ntext: |+\n  kept\n\nlast: |2\n   indented\n",
)
JSON = (
    '{\n  "name": "a",\n  "list": [1, 2],\n  "deep": {\n    "x": {},\n    "y": [\n      {"k": null},\n      []\n    ]\n  }\n}\n',
    '{"a":1,"b":{"c":[true,false]},"d":"e"}\n',
    '[\n\t{"a": "b"},\n\t{"a" : "c" , "d" : 1.5}\n]\n',
)
LAYOUTS: dict[str, tuple[str, ...]] = {
    "yaml": YAML,
    "cloudformation": (
        "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n"
        "      Name: !Sub '${x}-y'\n      Role: !GetAtt R.Arn\n      Tags:\n        - {Key: a, Value: !Ref B}\n",
    ),
    "json": JSON,
    "jsonl": ('{"a": 1, "b": [1, 2]}\n{"a": 2, "b": []}\n\n{"a": {"c": "d"}}\n',),
    "jsonc": (
        '{\n  // about a\n  "a": 1, // tail\n  /* two\n     lines */\n  "b": {"x": [1, 2,]},\n\n  // last\n  "c": [\n'
        '    "d", // d\n    "e"\n  ],\n}\n',
        *JSON,
    ),
    "json5": (
        "{\n  // about a\n  a: 1, b: 'two',\n  \"c\": [0x1F, .5, /* x */ +1,],\n  d: {e: null, 'f g': Infinity},\n}\n",
        *JSON,
    ),
    "notebook": (
        '{\n "cells": [\n  {\n   "cell_type": "code",\n   "metadata": {},\n   "outputs": [],\n   "source": [\n    "a\\n",\n'
        '    "b"\n   ]\n  },\n  {"cell_type": "markdown", "metadata": {}, "source": "x"}\n ],\n "metadata": {},\n'
        ' "nbformat": 4,\n "nbformat_minor": 5\n}\n',
    ),
    "toml": (
        """\
# about
title = "a"   # tail
dotted.key = 1
dotted.other = 'x'

[project]
name = "b"
dependencies = [
    "c>=1",  # why
    "d",
]
readme = {file = "README.md", type = "x"}

# the tool
[tool.one]
a = 1
b = [1, 2]

[tool.one.sub]
c = 1979-05-27

[[entries]]
n = 1
[entries.inner]
x = true

[[entries]]
n = 2
""",
        'a = """\nlines\n"""\n[x]\n[y.z]\n"q k" = 1\n',
    ),
    "ini": (
        "# head\n[metadata]\nname = a\nversion: 1\n\n[options]\n# what\ninstall_requires =\n    b\n    # inner\n    c\nzip =\n"
        "flag\n\n; tool\n[flake8]\nmax-line-length=100\n",
    ),
    "editorconfig": ("# head\nroot = true\n\n[*]\nindent_style = space\nindent_size=4\n\n[*.{py,pyi}]\nx : y\n",),
    "gitconfig": (
        '# head\n[core]\n\tbare = false\n\teditor = "a b" ; tail\n[remote "origin"]\n\turl = x\n\tfetch = +a:b\n\tflag\n',
    ),
    "dotenv": ("# head\nA=1\nexport B='two words' # tail\nC=\"x\\ny\"\n\nD\nE = plain text\nF=\n",),
    "properties": ("# head\na.b=1\nc : two\nd\\ e = long \\\n    line\n! bang\nempty=\nf=\\u00e9\n",),
    "systemd": (
        "# head\n[Unit]\nDescription=a\nAfter=b.service c.service\n\n[Service]\nExecStart=/bin/a \\\n  -b\nExecStart=/bin/c\n"
        "; why\nUser=x\nEnvironment=\n\n[Install]\nWantedBy=multi-user.target\n",
    ),
    "hcl": (
        """\
# head
terraform {
  required_version = ">= 1.0" # tail

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5"
    }
  }
}

// a bucket
resource "aws_s3_bucket" "logs" {
  bucket = "x"
  tags   = { a = 1, "b" = 2 }
  list = [
    "c",
    "d", # why
  ]

  lifecycle {
    prevent_destroy = true
  }
  doc = <<-EOT
    hello
  EOT
  count = var.n
}

locals { z = 1 }
""",
        'a = 1\nlonger = "b"\nlist = [1, 2]\nmap = {\n  x = 1, y = 2\n}\n',
    ),
    "xml": (
        '<?xml version="1.0"?>\n<project xmlns="x">\n  <!-- what -->\n  <name>a</name>\n  <version/>\n  <dependencies>\n'
        '    <dependency scope="test" >\n      <id>b &amp; c</id>\n    </dependency>\n    <dependency>\n      <id>d</id>\n'
        "      <v><![CDATA[1<2]]></v>\n    </dependency>\n  </dependencies>\n</project>\n",
        "<a x='1'><b>t</b><c></c><b y=\"&lt;\"/></a>\n",
    ),
    "csv": ('name,size,note\na,1,"x, y"\nb,2,\n"c ""d""",3,z\n',),
    "tsv": ("name\tsize\na\t1\nb\t2\n",),
    "requirements": (
        "# head\nflask>=3.1  # why\nrequests[socks]==2.32.5 ; python_version < '3.14' \\\n    --hash=sha256:aa\n\n"
        "-r base.txt\n# x\n./local\n",
    ),
    "dockerfile": (
        '# syntax=x\nFROM --platform=linux/amd64 alpine:3 AS build\nENV A=1 B="x y"\n# why\nRUN apk add \\\n    # inner\n'
        '    curl\nEXPOSE 80 443\n\nFROM build\nCOPY --from=build /a /b\nCMD ["run", "it"]\nUSER root\n',
    ),
    "codeowners": ("# head\n*  @a @b\n/docs/ @c # tail\n\n[Section] @q\n*.py @d\n",),
    "gomod": (
        "// head\nmodule example.com/a\n\ngo 1.24\n\nrequire example.com/x v1.0.0\n\nrequire (\n\texample.com/b v1.1.0 // indirect\n"
        "\t// why\n\texample.com/c v0.2.0\n)\n\nreplace example.com/b => ../b\n",
    ),
    "markdown": (
        "---\n# head\ntitle: a\ntags: [b, c]\n---\n\n# H\n\n| k | v |\n|---|---|\n| a | 1 |\n| b \\| c | 2 |\n\ntext\n",
    ),
}
