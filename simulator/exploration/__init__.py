"""Exhaustive exploration: every run of one saga with all failures to a bound, each moment once."""
