"""Selectors over syntax trees: `code` (tree-sitter queries) and `pattern` (snippets of the language).

A snippet means what it means to ast-grep, with these differences:

- `...` stands for any number of items, so Python's own Ellipsis can't be written in a snippet.
- A dotted name is followed through imports (Python only): write `torch.nn.Linear(...)`, whatever the file calls it.
  A name without a dot matches by its text.
- Arguments: `$x` is a positional one; keyword arguments and pairs of a dictionary match in any order.
- Parts of a definition or statement that the snippet leaves out aren't asked for: decorators, `async`, annotations,
  defaults, base classes, type parameters, clauses (`else`, another `except`), an assertion's message, a cause.
- Each of several imported or global names is a match of its own; in a sequence every way to match is one.
- Parentheses around an expression, and how a string is quoted, make no difference.

In an annotation `list[int]` is a type and no subscript: `x: list[$t]` finds it, `list[$t]` alone doesn't.
"""
