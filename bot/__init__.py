"""The trunk: what happens to a message."""
