"""Packs: where they come from, their lock and signatures, publishing, and comparing two versions."""
