"""Generated references: a pack's page in Markdown, and the JSON Schemas that editors read."""
