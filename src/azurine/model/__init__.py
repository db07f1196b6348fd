"""Floor 0: the shapes that cross floors. Standard library only; nothing here does anything."""
