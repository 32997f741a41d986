"""One module a language: its `LANGUAGES` are the records of the language and of its dialects."""
