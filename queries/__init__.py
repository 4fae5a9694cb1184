"""Asks: the Cypher catalogue, patterns and flags. Knows `graph`, never `ingest`."""
