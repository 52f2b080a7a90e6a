"""Somebody else's sequence classifier: where its files come from, what is refused, and how texts are run."""
