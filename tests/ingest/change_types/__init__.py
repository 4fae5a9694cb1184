"""The change types: tables, decisions, lines and columns."""
