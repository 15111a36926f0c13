"""Alembic revisions of the webhooks database."""
