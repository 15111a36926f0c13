"""The `saga` command and the local installation it runs."""
