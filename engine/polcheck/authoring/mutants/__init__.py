"""Mutants: policies changed in one place each. One that no case notices shows the case that is missing."""
