"""Orders that arrive on the topic orders.inbound: the gateway's second way in."""
