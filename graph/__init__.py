"""Holds: the model and the stores. Knows nothing of where data comes from or who asks."""
