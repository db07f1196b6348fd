"""Store ⇄ decisions ⇄ effects: look at what changed, ask its kind, write the answer, have the wishes done."""
