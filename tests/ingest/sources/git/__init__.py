"""Tests of the git source, on real git."""
