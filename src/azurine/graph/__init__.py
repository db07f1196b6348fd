"""Thinking about nodes and edges: which may start, which never will, in what order, and where the ring is."""
