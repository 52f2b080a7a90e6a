"""What is seen of a text: the form in which classifiers are trained on it, are measured on it, and score it."""
