"""Bringing in what people have from simpler bots: read, and made an export."""
