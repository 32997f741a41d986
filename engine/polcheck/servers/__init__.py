"""Long-running programs that answer other programs: each a thin user of the project's session."""
