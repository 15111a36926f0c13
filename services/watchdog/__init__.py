"""The watchdog: pages a person when an order's inventory stays locked too long."""
