"""The Alembic environment that all services share; their revisions lie in their own folders."""
