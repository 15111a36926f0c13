"""Run revisions on the connection that services.migrate hands over: it commits, not Alembic."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
