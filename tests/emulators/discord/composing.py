"""From what a bot sends to a message, or to the changes of one; refused where the real one does."""

import mimetypes
from dataclasses import replace
from typing import Any

from tests.emulators.discord.bodies import Body
from tests.emulators.discord.chat import EPHEMERAL
from tests.emulators.discord.forms import NEW_STYLE_FLAG, check_message
from tests.emulators.discord.permissions import Permission
from tests.emulators.discord.refusals import (
    fault,
    invalid_form,
    missing_access,
    missing_permissions,
    no_history_for_a_reply,
    person_not_reached,
    too_large,
)
from tests.emulators.discord.world import (
    DIRECT,
    JSON,
    REPLY,
    THREADS,
    Attachment,
    Channel,
    Message,
    World,
)

SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
SETTABLE = SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | NEW_STYLE_FLAG


def compose(world: World, channel: Channel, body: Body, *, under: str = "") -> Message:
    """Return the message that the bot means; it is on no screen yet."""
    payload = body.payload[under] if under else body.payload
    check_message(payload, files=len(body.files), under=under)
    return Message(
        id=world.clock.snowflake(),
        channel=channel,
        author=world.bot,
        content=(payload.get("content") or "").strip(),
        embeds=_embeds(payload),
        components=payload.get("components") or [],
        attachments=_attachments(world, channel, payload, body, kept=[]),
        flags=payload.get("flags", 0) & SETTABLE,
        nonce=str(payload.get("nonce") or ""),
    )


def changes(world: World, message: Message, body: Body, *, under: str = "") -> dict[str, Any]:
    """Return what an edit changes; fields that it leaves out stay as they are."""
    payload = body.payload.get(under, {}) if under else body.payload
    changed: dict[str, Any] = {}
    if "content" in payload:
        changed["content"] = (payload["content"] or "").strip()
    if "embeds" in payload:
        changed["embeds"] = _embeds(payload)
    if "components" in payload:
        changed["components"] = payload["components"] or []
    if payload.get("flags") is not None:
        kept = message.flags & ~SUPPRESS_EMBEDS
        changed["flags"] = kept | (payload["flags"] & (SUPPRESS_EMBEDS | NEW_STYLE_FLAG))
    if "attachments" in payload or body.files:
        kept_files = _kept(message, payload)
        channel = message.channel
        changed["attachments"] = _attachments(world, channel, payload, body, kept=kept_files)
    names = ("content", "embeds", "components", "flags", "attachments")
    after = {name: changed.get(name, getattr(message, name)) for name in names}
    check_message(after, files=0, under=under)
    return changed


def may_post(channel: Channel, payload: JSON, files: int) -> None:
    """Refuse where the bot may not write, or not this."""
    may_see(channel)
    if channel.kind == DIRECT:
        if channel.person and not channel.person.accepts_direct_messages:
            raise person_not_reached()
        return
    thread = channel.kind in THREADS
    needed = Permission.SEND_MESSAGES_IN_THREADS if thread else Permission.SEND_MESSAGES
    needed |= Permission.ATTACH_FILES if files else Permission.NONE
    needed |= Permission.EMBED_LINKS if payload.get("embeds") else Permission.NONE
    if not all(channel.bot_may(one) for one in needed):
        raise missing_permissions()


def may_see(channel: Channel) -> None:
    if (channel.guild and channel.guild.left) or not channel.bot_may(Permission.VIEW_CHANNEL):
        raise missing_access()


def refer(message: Message, payload: JSON) -> None:
    """Make it a reply, if it is one; what it replies to may be gone."""
    reference = payload.get("message_reference")
    if not reference:
        return
    if not message.channel.bot_may(Permission.READ_MESSAGE_HISTORY):
        raise no_history_for_a_reply()
    wanted = int(reference["message_id"])
    found = [one for one in message.channel.history if one.id == wanted and not one.only_for]
    if found:
        message.reply_to, message.kind = found[0], REPLY
    elif reference.get("fail_if_not_exists", True):
        errors = fault("REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        raise invalid_form({"message_reference": errors})


def _embeds(payload: JSON) -> list[JSON]:
    return [{"type": "rich"} | one for one in payload.get("embeds") or []]


def _kept(message: Message, payload: JSON) -> list[Attachment]:
    if "attachments" not in payload:
        return message.attachments
    wanted = {str(one["id"]) for one in payload["attachments"] or []}
    return [one for one in message.attachments if str(one.id) in wanted]


def _attachments(
    world: World, channel: Channel, payload: JSON, body: Body, kept: list[Attachment]
) -> list[Attachment]:
    if sum(len(one.data) for one in body.files.values()) > world.largest_upload:
        raise too_large()
    told = {str(one["id"]): one for one in payload.get("attachments") or []}
    found = list(kept)
    for number, file in sorted(body.files.items()):
        words = told.get(str(number), {})
        kind = mimetypes.guess_type(file.name)[0] or ""
        description = str(words.get("description") or "")
        whole = replace(file, content_type=kind, description=description)
        found.append(world.attach(channel, replace(whole, name=words.get("filename", file.name))))
    return found
