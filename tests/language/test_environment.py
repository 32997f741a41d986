"""The environment that a project of several languages reads, and what sets it: one policy with constants."""

from __future__ import annotations

import textwrap

import pytest

from pack_files import judge

POLICY = r"""
for:
  any:
    - files: "**/*.py"
      pattern: ["os.environ[$env]", "os.environ.get($env, ...)", "os.getenv($env, ...)"]
      constant: env
    - {files: "**/*.{js,mjs,cjs,jsx,ts,tsx}", pattern: "process.env[$env]", constant: env}
    - {files: "**/*.{js,mjs,cjs,jsx,ts,tsx}", pattern: "process.env.$env"}
    - {files: "**/*.go", pattern: ["os.Getenv($env)", "os.LookupEnv($env)"], constant: env}
require:
  any:
    - {files: .env.example, data: "keys(@)", as: env}
    - files: "{compose,docker-compose}.{yaml,yml}"
      data: >-
        values(services)[].entries(environment)[]
        .{env: type(key) == 'number' && split(to_string(value), '=')[0] || key}
message: "`{{ path }}` reads `{{ env }}`, which neither .env.example nor compose.yaml sets"
"""
PROJECT = {
    ".env.example": """
        LITERAL=1
        HOST=
        PORT=1
        APP_KEY=
        APP_MODE=x
        API_URL=x
        GO_LITERAL=1
        GO_NAME=2
    """,
    "app/__init__.py": "",
    "app/main.py": """
        import os
        from os import environ, getenv
        from . import settings
        from .settings import PORT_NAME

        PREFIX = "APP_"
        os.environ["LITERAL"]
        environ[settings.HOST]
        os.getenv(PORT_NAME, "80")
        getenv(PREFIX + "KEY")
        os.environ.get(f"{PREFIX}MODE")

        class Config:
            token = "TOKEN"
            def read(self, name):
                return os.environ[self.token], os.environ[name], os.getenv("MISSING_PY")
    """,
    "app/settings.py": """
        HOST = "HOST"
        PORT_NAME = "PORT"
    """,
    "cmd/b.go": """
        package main

        const local = "GO_LOCAL"
    """,
    "cmd/conf/c.go": """
        package conf

        const Name = "GO_NAME"
    """,
    "cmd/main.go": """
        package main

        import (
            "os"

            "example.com/proj/cmd/conf"
        )

        func main() {
            os.Getenv("GO_LITERAL")
            os.Getenv(conf.Name)
            os.LookupEnv(local)
            os.Getenv("MISSING_GO")
        }
    """,
    "compose.yaml": """
        services:
          a:
            environment:
              TOKEN: x
              API_KEY: y
          b:
            environment:
              - WEB_KEY=1
              - GO_LOCAL
    """,
    "go.mod": """
        module example.com/proj
    """,
    "web/a.ts": """
        import { KEY } from "./keys";
        const x = process.env.API_URL, y = process.env["API_KEY"], z = process.env[KEY];
        export const read = (name: string) => process.env[name] ?? process.env.MISSING_TS;
    """,
    "web/keys.ts": """
        export const KEY = "WEB_KEY" as const
    """,
}
FILES = {path: textwrap.dedent(text).lstrip("\n") for path, text in PROJECT.items()}


def test_what_is_read_and_not_set_is_found_in_every_language() -> None:
    """Literals, names, attributes of modules and classes, and strings that are put together, all by their values."""
    report = judge(POLICY, FILES)
    assert [(str(finding.location), finding.bindings["env"]) for finding in report.findings] == [
        ("app/main.py:16:58", "MISSING_PY"),
        ("cmd/main.go:13:5", "MISSING_GO"),
        ("web/a.ts:3:60", "MISSING_TS"),
    ]
    (policy,) = report.policies
    assert policy.subjects == 15
    assert [str(capture.location) for capture in policy.dynamic] == ["app/main.py:16:51", "web/a.ts:3:51"]
    assert [notice.message.partition(",")[0] for notice in report.notices] == ["2 places where `env` is not a constant"]


@pytest.mark.parametrize("name", ["LITERAL", "HOST", "PORT", "APP_KEY", "APP_MODE", "API_URL", "GO_LITERAL", "GO_NAME"])
def test_what_is_no_longer_set_is_found(name: str) -> None:
    """Each line of .env.example counts, whatever the name that the code reads it by."""
    left = "".join(line for line in FILES[".env.example"].splitlines(True) if not line.startswith(f"{name}="))
    report = judge(POLICY, {**FILES, ".env.example": left})
    assert name in {finding.bindings["env"] for finding in report.findings}


@pytest.mark.parametrize("name", ["TOKEN", "API_KEY", "WEB_KEY", "GO_LOCAL"])
def test_what_no_service_sets_any_more_is_found(name: str) -> None:
    """In both notations of an environment."""
    lines = FILES["compose.yaml"].splitlines(True)
    left = "".join(line for line in lines if name not in line)
    report = judge(POLICY, {**FILES, "compose.yaml": left})
    assert name in {finding.bindings["env"] for finding in report.findings}
