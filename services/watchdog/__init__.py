"""The watchdog: pages a person when inventory stays locked too long, or when a step or its undo failed for good."""
