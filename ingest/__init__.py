"""Writes: sources → snapshot → derive → graph. Knows `graph`, never `queries`."""
