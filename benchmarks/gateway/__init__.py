"""How many orders the gateway alone takes, beside a bare route that only produces: `scripts/bench gateway`."""
