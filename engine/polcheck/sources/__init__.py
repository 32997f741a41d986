"""Where submissions come from: folders, git revisions, archives, JSON bundles."""
