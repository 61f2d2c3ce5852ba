"""Addresses of platforms as the records keep them, and back; who a written recipient is."""

from typing import Literal

from adapters.contract import Address
from sessions.models import Place, SessionKey

GroupSessions = Literal["person", "chat"]

Chat = tuple[str, str, str]
"""Where something is shown: platform, chat and topic, whoever it is shown to."""


def chat_of(address: Address) -> Chat:
    """Give the chat of an address, which in a shared chat is that of many."""
    return address.platform, address.chat_id, address.topic_id


def session_key(address: Address, groups: GroupSessions = "person") -> SessionKey:
    """Say which session an address belongs to.

    `user_id` is ``<platform>_<id>``, for the API the id as it was given: what stands before the
    last slash there is the key that spoke for the person, and stays in the chat. With `groups`
    set to ``chat`` everyone in a shared chat has the same session.
    """
    if address.platform == "api":
        owner, _, given = address.user_id.rpartition("/")
        return SessionKey("api", given, address.chat_id if owner else "", address.topic_id)
    if address.direct:
        return SessionKey(address.platform, f"{address.platform}_{address.user_id}")
    user = f"chat_{address.chat_id}" if groups == "chat" else address.user_id
    return SessionKey(
        address.platform, f"{address.platform}_{user}", address.chat_id, address.topic_id
    )


def owner_of(address: Address, groups: GroupSessions = "person") -> str:
    """Say whose a conversation is: a person's (``telegram:12345``), or a shared chat's."""
    if groups == "chat" and not address.direct and address.platform != "api":
        topic = f"/{address.topic_id}" if address.topic_id else ""
        return f"{address.platform}:chat_{address.chat_id}{topic}"
    return address.person


def place_of_owner(owner: str) -> Place:
    """Give the direct chat of the person whose a conversation is, or the chat that shares it."""
    platform, _, name = owner.partition(":")
    if platform != "api" and name.startswith("chat_"):
        chat, _, topic = name.removeprefix("chat_").partition("/")
        return Place(platform, chat, "", topic)
    return Place(platform, name, name)


def place_of(address: Address) -> Place:
    """Give the address as a record keeps it."""
    return Place(address.platform, address.chat_id, address.user_id, address.topic_id)


def address_of(place: Place) -> Address:
    """Give the address that a record kept."""
    return Address(place.platform, place.chat_id, place.user_id, place.topic_id)


def recipient(written: str, sender: Address) -> Address | None:
    """Read whom a text such as ``telegram:12345`` means; None if it means nobody.

    ``me`` is the sender's own direct chat. A person of the API is looked for among those of the
    sender's own key first, so that no key's people can be named from outside.
    """
    if written.strip().lower() == "me":
        return Address(sender.platform, sender.user_id, sender.user_id)
    platform, colon, user = written.strip().partition(":")
    if not (colon and platform and user):
        return None
    if platform == "api" and sender.platform == "api" and "/" not in user:
        owner, slash, _ = sender.user_id.rpartition("/")
        user = f"{owner}{slash}{user}"
    return Address(platform, user, user)
