"""polcheck.yaml: as written, checked, and in force together with the command line."""
