"""What every other part builds on: errors, limits, spans, stores and worker processes."""
