"""The formats of an audit and of a check, one module each."""
