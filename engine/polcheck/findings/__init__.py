"""The report of a run: findings, outcomes, notices, and the verdict."""
