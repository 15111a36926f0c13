"""Trying sagas out before they run: every failure explored, long runs simulated, recorded histories decided again."""
