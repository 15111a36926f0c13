"""Stand-ins for the outside providers: separate HTTP processes with ledgers of their own, behaving by input."""
