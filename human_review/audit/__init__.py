"""Who did what and when: an append-only log whose entries are chained, so that a change to it shows."""
