"""Simulation: many sagas at once in virtual time, on several nodes whose clocks differ and which drop out."""
