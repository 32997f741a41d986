"""Policies: read from YAML, checked and compiled to a plan."""
