"""Explain what the engine sees: a policy step by step, one selector, the tree of a file."""
