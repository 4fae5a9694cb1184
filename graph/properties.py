"""Properties of the model, by type: short names, so that the model reads like a table."""

from graph.elements import EPOCH, Property, PropertyType


def string(name: str, description: str, *, indexed: bool = False) -> Property:
    """Return a property that holds text."""
    return Property(name, PropertyType.STRING, description, indexed=indexed)


def strings(name: str, description: str) -> Property:
    """Return a property that holds a list of texts."""
    return Property(name, PropertyType.STRINGS, description)


def integer(name: str, description: str, unit: str | None = None) -> Property:
    """Return a property that holds a whole number."""
    return Property(name, PropertyType.INTEGER, description, unit)


def time(name: str, description: str) -> Property:
    """Return a property that holds a moment, in epoch seconds."""
    return Property(name, PropertyType.INTEGER, description, EPOCH)


def number(name: str, description: str, unit: str | None = None) -> Property:
    """Return a property that holds any number."""
    return Property(name, PropertyType.FLOAT, description, unit)


def boolean(name: str, description: str) -> Property:
    """Return a property that is true or false."""
    return Property(name, PropertyType.BOOLEAN, description)
