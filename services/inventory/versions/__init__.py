"""Alembic revisions of the inventory database."""
