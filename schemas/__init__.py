"""The published language: messages, topics and how they look on the wire."""
