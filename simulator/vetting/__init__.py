"""Vetting: recorded histories are decided again by the code as it is."""
