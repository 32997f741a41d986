"""Tools for authors of packs: validate, explain, test, reference pages. Never imported by a run."""
