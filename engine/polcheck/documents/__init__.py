"""Documents: one file a format, one entry a language."""
