"""Telegram: private chats, groups and forum topics, by polling or webhook."""

from adapters.telegram.adapter import TelegramAdapter

__all__ = ["TelegramAdapter"]
