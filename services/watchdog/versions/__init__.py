"""Alembic revisions of the watchdog's database."""
