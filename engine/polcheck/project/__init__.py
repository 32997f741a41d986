"""polcheck.yaml: read, checked, and combined with the command line."""
