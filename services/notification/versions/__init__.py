"""Alembic revisions of the notification database."""
