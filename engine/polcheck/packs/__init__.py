"""What `polcheck pack` does: a project's packs and its lock, publishing packs, and what differs between two."""
