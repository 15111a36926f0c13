"""Alembic revisions of the tasks database."""
