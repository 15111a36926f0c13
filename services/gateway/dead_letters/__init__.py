"""Dead letters over HTTP: what nobody could use, and what people decide about it."""
