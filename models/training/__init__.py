"""Offline only: the stream never imports this package."""
