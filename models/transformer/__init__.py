"""The small multilingual encoder: its tokenizer, its network, and how both lie on disk."""
