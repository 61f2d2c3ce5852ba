"""The JSON of people, servers, channels and messages, as version 10 of the API writes it.

Shapes: developer documentation, "User", "Guild", "Channel" and "Message" objects.
"""

from collections.abc import Callable

from tests.emulators.discord.clock import time_of
from tests.emulators.discord.permissions import USUAL, Permission
from tests.emulators.discord.world import (
    DIRECT,
    JSON,
    SAID,
    THREADS,
    Attachment,
    Channel,
    Guild,
    Message,
    User,
    World,
)

CONTENT_LIMITED = 1 << 19
"""The application's flag for a bot in few servers that may read messages."""


def user_json(user: User) -> JSON:
    return {
        "id": str(user.id),
        "username": user.name,
        "discriminator": "0000" if user.bot else "0",
        "global_name": None if user.bot else user.name.title(),
        "avatar": None,
        "bot": user.bot,
        "flags": 0,
        "public_flags": 0,
    }


def me_json(world: World) -> JSON:
    return user_json(world.bot) | {"verified": True, "mfa_enabled": False, "locale": "en-US"}


def application_json(world: World) -> JSON:
    return {
        "id": str(world.application_id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": CONTENT_LIMITED if world.content_allowed else 0,
        "owner": user_json(world.owner),
        "team": None,
        "interactions_endpoint_url": None,
        "approximate_guild_count": len(world.guilds),
    }


def member_json(guild: Guild, user: User, *, with_user: bool = True) -> JSON:
    told = {
        "nick": None,
        "avatar": None,
        "roles": [str(guild.admin_role)] if user in guild.admins else [],
        "joined_at": guild.joined_at,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    return told | {"user": user_json(user)} if with_user else told


def role_json(number: int, name: str, permissions: Permission) -> JSON:
    return {
        "id": str(number),
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": str(int(permissions)),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def guild_json(world: World, guild: Guild) -> JSON:
    """Return a server as GUILD_CREATE gives it; the REST route leaves out the last six."""
    seen = [one for one in guild.channels if one.bot_may(Permission.VIEW_CHANNEL)]
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "description": None,
        "banner": None,
        "owner_id": str(guild.owner.id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "nsfw": False,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [
            role_json(guild.id, "@everyone", USUAL),
            role_json(guild.admin_role, "Admins", USUAL | Permission.ADMINISTRATOR),
        ],
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "vanity_url_code": None,
        "max_members": 500_000,
        "joined_at": guild.joined_at,
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "members": [member_json(guild, one) for one in (world.bot, guild.owner)],
        "channels": [channel_json(world, one) for one in guild.channels if one.kind not in THREADS],
        "threads": [channel_json(world, one) for one in seen if one.kind in THREADS],
    }


def channel_json(world: World, channel: Channel) -> JSON:
    told: JSON = {
        "id": str(channel.id),
        "type": channel.kind,
        "last_message_id": str(channel.history[-1].id) if channel.history else None,
        "flags": 0,
    }
    if channel.kind == DIRECT:
        recipients = [user_json(channel.person)] if channel.person else []
        return told | {"recipients": recipients}
    told |= {
        "name": channel.name,
        "guild_id": str(channel.guild.id) if channel.guild else None,
        "parent_id": str(channel.parent.id) if channel.parent else None,
        "rate_limit_per_user": 0,
        "nsfw": False,
    }
    if channel.kind in THREADS:
        return told | _thread_json(world, channel)
    lacks = {"id": str(world.bot.id), "type": 1, "allow": "0", "deny": str(int(channel.bot_lacks))}
    return told | {
        "position": 0,
        "topic": None,
        "permission_overwrites": [lacks] if channel.bot_lacks else [],
    }


def _thread_json(world: World, channel: Channel) -> JSON:
    since = time_of(channel.id)
    told: JSON = {
        "owner_id": str(channel.owner_id),
        "message_count": len(channel.history),
        "total_message_sent": len(channel.history),
        "member_count": 1,
        "thread_metadata": {
            "archived": channel.archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": since,
            "create_timestamp": since,
            "locked": channel.locked,
        },
    }
    if channel.bot_inside:
        inside = {"id": str(channel.id), "user_id": str(world.bot.id)}
        told["member"] = inside | {"join_timestamp": since, "flags": 0}
    return told


def attachment_json(attachment: Attachment) -> JSON:
    file = attachment.file
    told: JSON = {
        "id": str(attachment.id),
        "filename": file.name,
        "size": len(file.data),
        "url": attachment.url,
        "proxy_url": attachment.url,
    }
    if file.content_type:
        told["content_type"] = file.content_type
    return told | ({"description": file.description} if file.description else {})


def message_json(world: World, message: Message, *, readable: bool = True) -> JSON:
    """Return a message; one that is not `readable` lacks what the content intent protects."""
    told: JSON = {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "type": message.kind,
        "author": user_json(message.author),
        "content": message.content if readable else "",
        "timestamp": time_of(message.id),
        "edited_timestamp": message.edited_at,
        "tts": False,
        "mention_everyone": message.notified_everyone,
        "mentions": [user_json(one) for one in message.notified],
        "mention_roles": [],
        "attachments": [attachment_json(one) for one in message.attachments] if readable else [],
        "embeds": message.embeds if readable else [],
        "components": message.components if readable else [],
        "pinned": False,
        "flags": message.flags | (32 if message.thread else 0),
    }
    if message.reactions:
        told["reactions"] = [
            {
                "emoji": {"id": None, "name": name},
                "count": len(users),
                "count_details": {"burst": 0, "normal": len(users)},
                "me": world.bot in users,
                "me_burst": False,
                "burst_colors": [],
            }
            for name, users in message.reactions.items()
        ]
    if message.nonce:
        told["nonce"] = message.nonce
    if message.thread:
        told["thread"] = channel_json(world, message.thread)
    if message.interaction:
        told |= message.interaction
    return told | _reference_json(world, message, readable=readable)


def _reference_json(world: World, message: Message, *, readable: bool) -> JSON:
    referred = message.reply_to
    if referred is None:
        return {}
    channel = referred.channel
    reference = {"type": 0, "message_id": str(referred.id), "channel_id": str(channel.id)}
    if channel.guild:
        reference["guild_id"] = str(channel.guild.id)
    shown = None
    if not referred.deleted:
        shown = message_json(world, referred, readable=readable or referred.author is world.bot)
        shown.pop("referenced_message", None)  # one step back, no further
    return {"message_reference": reference, "referenced_message": shown}


def event_json(world: World, message: Message) -> Callable[[bool], JSON]:
    """Return how MESSAGE_CREATE tells it to a bot that may, or may not, read all messages."""

    def told(allowed: bool) -> JSON:
        data = message_json(world, message, readable=allowed or always_readable(world, message))
        guild = message.channel.guild
        if guild is None or message.only_for is not None:
            return data
        data["guild_id"] = str(guild.id)
        data["member"] = member_json(guild, message.author, with_user=False)
        for one, user in zip(data["mentions"], message.notified, strict=True):
            one["member"] = member_json(guild, user, with_user=False)
        return data

    return told


def always_readable(world: World, message: Message) -> bool:
    """Say whether a bot reads this without the content intent ("Message content intent").

    Those are its own messages, direct ones, those that mention it, and mere notes.
    """
    direct = message.channel.kind == DIRECT
    mine = message.author is world.bot or world.bot in message.notified
    return direct or mine or (message.kind != SAID and not message.content)
