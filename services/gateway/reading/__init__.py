"""What the gateway tells of orders and sagas: how fresh it is, what is waited for, and when it changes."""
