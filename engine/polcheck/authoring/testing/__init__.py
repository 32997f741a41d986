"""Testing packs: cases, coverage and mutants. Pure: files come in as values."""
