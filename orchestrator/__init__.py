"""The saga orchestrator: a pure core, definitions compiled from YAML, and the stream processor around them."""
