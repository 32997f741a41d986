"""JMESPath: expressions over plain values, what they read and bind, and where each result came from."""
