"""What the engine sees, told to the author of a policy: a policy step by step, one selector, the tree of a file."""
