"""What a text demands of consistency, availability, latency and durability, read into data and judged by rules."""
