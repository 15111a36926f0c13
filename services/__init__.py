"""The processes around the orchestrator: participants, gateway, projector, watchdog and sandboxes."""
