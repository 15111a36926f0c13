"""Checks of a definition, one kind of mistake each: pure functions from an outline to findings."""
