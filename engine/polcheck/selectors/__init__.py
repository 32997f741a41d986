"""Selectors: one file a kind; each is compiled once and searches many documents."""
