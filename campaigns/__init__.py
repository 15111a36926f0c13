"""Real orders, loads, kills and demonstrations against a running installation, all through its public interfaces."""
