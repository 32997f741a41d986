"""Testing packs: cases, what they leave out, and mutants that none tells apart. Pure: files come in as values."""
