"""Tells clients at addresses of their own how their sagas move on."""
