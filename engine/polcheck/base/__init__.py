"""Errors, limits, spans, stores and worker processes: the parts that every other package builds on."""
