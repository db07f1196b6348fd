"""XML for formulas: reading and writing it, to JSON and back, and XPath 1.0 over it. Standard library only."""
