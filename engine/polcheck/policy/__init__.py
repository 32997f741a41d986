"""Policies: as written, then compiled, nothing between."""
