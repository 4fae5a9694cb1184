"""Tests of `hubtrace.ingest.derive`: by definition, and against real git."""
