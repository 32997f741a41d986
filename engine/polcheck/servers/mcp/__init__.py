"""The server for code-writing agents: the Model Context Protocol over standard input and output."""
