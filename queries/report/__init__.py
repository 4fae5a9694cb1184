"""The report on families: records, what needs attention in them, and one module per format."""
