"""The pure core: decide, evolve and react over immutable values; the standard library only, no clock and no I/O."""
