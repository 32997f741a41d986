"""Judge: relational, over what extract found. It never opens a file."""
