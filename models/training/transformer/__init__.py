"""Trains the transformer level: vocabulary, starting weights, pre-training, fine-tuning, checkpoint."""
