"""Alembic revisions of the payment database."""
