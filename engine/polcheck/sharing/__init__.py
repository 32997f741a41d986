"""Packs that projects share: sources, polcheck.lock, archives, signatures, differences. It touches no file."""
