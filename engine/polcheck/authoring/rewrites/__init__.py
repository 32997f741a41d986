"""Metamorphic tests: cases run again with their files rewritten without a change of meaning."""
