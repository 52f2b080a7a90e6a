"""Texts in, calibrated scores out. Knows nothing of Kafka, policies or reviewers."""
