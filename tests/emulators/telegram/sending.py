"""Methods that write into a chat: messages, drafts, files, and what the bot is said to be doing."""

from tests.emulators.telegram import keyboards, media
from tests.emulators.telegram.calls import Call
from tests.emulators.telegram.chats import Chat
from tests.emulators.telegram.refusals import Json, bad_request
from tests.emulators.telegram.screen import Action, Draft, Shown
from tests.emulators.telegram.text import CAPTION_LIMIT, TEXT_LIMIT, formatted
from tests.emulators.telegram.world import World

ACTIONS = (
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
)  # fmt: skip
GENERAL = 1
"""A forum's General topic: typing is shown there by this id, messages only without one."""
LARGEST_DOCUMENT = 50 * 1024 * 1024
LARGEST_PHOTO = 10 * 1024 * 1024
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")


class Sending:
    """Writes what the bot says."""

    def __init__(self, world: World) -> None:
        self._world = world

    def send_message(self, call: Call) -> Json:
        """A text of 1 to 4096 units."""
        chat = self._world.chat_for_bot(call.chat_id())
        if not call.text("text"):
            raise bad_request("message text is empty")
        body = written(call)
        return self._say(chat, call, body)

    def send_message_draft(self, call: Call) -> bool:
        """A preview of a text, in private chats; an empty one means that the bot is thinking."""
        chat = self._world.chat_for_bot(call.chat_id())
        if chat.kind != "private":
            raise bad_request("TEXTDRAFT_PEER_INVALID")
        chat.let_write(call.topic())
        if not call.number("draft_id", 0):
            raise bad_request("draft_id must be non-zero")
        body: Json = written(call) if call.text("text") else {"text": ""}
        draft = Draft(
            call.number("draft_id"),
            body["text"],
            body.get("entities", []),
            call.topic(),
            self._world.clock(),
            len(chat.everything),
        )
        chat.drafts.append(draft)
        self._world.watch.changed()
        return True

    def send_chat_action(self, call: Call) -> bool:
        """What the bot is doing, for five seconds or until it writes."""
        chat = self._world.chat_for_bot(call.chat_id())
        general = chat.forum and call.topic() == GENERAL
        chat.let_write(None if general else call.topic())
        if call.text("action") not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        chat.actions.append(Action(call.text("action"), call.topic(), self._world.clock()))
        self._world.watch.changed()
        return True

    def send_document(self, call: Call) -> Json:
        """A file with a caption."""
        chat = self._world.chat_for_bot(call.chat_id())
        upload = self._upload(call, "document", LARGEST_DOCUMENT)
        if isinstance(upload, str):
            kept = self._world.files[upload]
            body = media.document(self._world, kept.content, kept.name, kept.mime_type)
        else:
            body = media.document(self._world, *upload)
        return self._say(chat, call, body | captioned(call))

    def send_photo(self, call: Call) -> Json:
        """A picture with a caption."""
        chat = self._world.chat_for_bot(call.chat_id())
        upload = self._upload(call, "photo", LARGEST_PHOTO)
        content = self._world.files[upload].content if isinstance(upload, str) else upload[0]
        if not content.startswith(PICTURES):
            raise bad_request("IMAGE_PROCESS_FAILED")
        return self._say(chat, call, media.photo(self._world, content) | captioned(call))

    def _say(self, chat: Chat, call: Call, body: Json) -> Json:
        chat.let_write(call.topic())
        markup = keyboards.checked(call.object("reply_markup"))
        reply_to = self._replied_to(chat, call)
        shown = chat.add(
            self._world.bot_json(), body, markup=markup, topic=call.topic(), reply_to=reply_to
        )
        return shown.json()

    def _replied_to(self, chat: Chat, call: Call) -> Shown | None:
        wanted = call.object("reply_parameters")
        if wanted is None:
            return None
        message = chat.message(int(wanted.get("message_id", 0)))
        if message is None and not wanted.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
        return message

    def _upload(self, call: Call, name: str, largest: int) -> str | tuple[bytes, str, str]:
        """Return the id of a file that is kept, or content, name and kind of a new one."""
        wanted = call.text(name)
        upload = call.files.get(wanted.removeprefix("attach://") if wanted else name)
        if upload is None:
            if wanted in self._world.files:
                return wanted
            if not wanted:
                raise bad_request(f"there is no {name} in the request")
            raise bad_request("wrong remote file identifier specified: Wrong string length")
        if not upload.content:
            raise bad_request("file must be non-empty")
        if len(upload.content) > largest:
            raise bad_request(f"file of size {len(upload.content)} bytes is too big for a {name}")
        return upload.content, upload.name, upload.mime_type


def written(call: Call) -> Json:
    """Return text and entities of a request, as Telegram keeps them."""
    _refuse_markup_language(call)
    text, entities = formatted(call.text("text"), call.array("entities") or [], TEXT_LIMIT)
    body: Json = {"text": text}
    if entities:
        body["entities"] = entities
    if options := call.object("link_preview_options"):
        body["link_preview_options"] = options
    return body


def captioned(call: Call) -> Json:
    """Return caption and entities of a request; there need not be any."""
    _refuse_markup_language(call)
    entities = call.array("caption_entities") or []
    text, entities = formatted(call.text("caption"), entities, CAPTION_LIMIT)
    if not text:
        return {}
    return {"caption": text} | ({"caption_entities": entities} if entities else {})


def _refuse_markup_language(call: Call) -> None:
    """Refuse every parse mode: this stand-in reads entities only."""
    if mode := call.text("parse_mode"):
        raise bad_request(f"unsupported parse_mode {mode!r} (the stand-in reads entities only)")
