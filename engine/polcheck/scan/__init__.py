"""Extract: from one file's bytes and the plan's probes to plain rows. Pure: no disk, no other file."""
