"""The notification participant: one message to a customer over every channel at once."""
