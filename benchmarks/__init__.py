"""What a saga costs, measured beside a bare loop on the same broker in the same run: `scripts/bench`."""
