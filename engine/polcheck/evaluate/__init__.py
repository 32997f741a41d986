"""Evaluation: joins over the rows that the scan extracted. It never opens a file."""
