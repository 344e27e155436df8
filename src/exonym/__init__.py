"""exonym carries named-entity labels across languages."""

__version__ = "0.1.0"
