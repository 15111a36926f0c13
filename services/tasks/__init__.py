"""The tasks participant: work that definitions declare by name, and the report of a day."""
