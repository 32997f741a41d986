"""polcheck: policies over code and configuration, and the joins between them."""
