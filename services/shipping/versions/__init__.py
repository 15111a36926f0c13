"""Alembic revisions of the shipping database."""
