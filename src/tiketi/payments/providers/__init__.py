"""Payment companies behind one protocol."""
