"""Platforms: how people and messages come in and replies go out."""
