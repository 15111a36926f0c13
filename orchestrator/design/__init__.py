"""Designing: what a compiled definition says about itself, as counts, diagrams, policy data and plain words. Pure."""
