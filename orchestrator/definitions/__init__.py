"""Saga definitions: YAML documents, compiled once to the core's immutable graph."""
