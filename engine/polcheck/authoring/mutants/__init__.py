"""Mutation testing: policies changed in one place each. A mutant that no case detects shows a missing case."""
