"""The formats of a report, one module each; JSON is the document that the others are made from."""
