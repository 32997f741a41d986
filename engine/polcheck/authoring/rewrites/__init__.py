"""Metamorphic tests: the cases of a pack, their files rewritten without a change of meaning, judged once more."""
