"""Tests of `ingest.derive`: by definition, and against real git."""
