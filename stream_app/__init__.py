"""The stream: content in, decisions out. Importing it starts nothing."""
