"""Buttons under a message: what Telegram accepts, and what a person sees of them.

The documentation gives 1 to 64 bytes for `callback_data`; a hundred buttons and eight a row are
what the server takes.
"""

from dataclasses import dataclass

from tests.emulators.telegram.refusals import Json, bad_request
from tests.emulators.telegram.text import check_link

MOST_BUTTONS = 100
MOST_IN_A_ROW = 8
ACTIONS = (
    "callback_data", "url", "web_app", "login_url", "switch_inline_query", "copy_text",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "callback_game", "pay",
)  # fmt: skip


@dataclass(frozen=True)
class Button:
    """A button as a person sees it; `data` is what the bot gets when it is tapped."""

    text: str
    data: str | None = None
    url: str | None = None


def checked(markup: Json | None, *, inline_only: bool = False) -> Json | None:
    """Return the markup as Telegram keeps it; an inline keyboard without buttons is none.

    Raises:
        Refused: A button is not one, or there are too many.
    """
    if markup is None:
        return None
    if "inline_keyboard" not in markup:
        if inline_only or not markup.keys() & {"keyboard", "remove_keyboard", "force_reply"}:
            raise bad_request("object expected as reply markup")
        return markup
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array')
    for row in rows:
        if len(row) > MOST_IN_A_ROW:
            raise bad_request("reply markup is too long")
        for button in row:
            _check(button)
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": rows} if any(rows) else None


def buttons(markup: Json | None) -> tuple[tuple[Button, ...], ...]:
    """Return the rows of buttons under a message."""
    return tuple(
        tuple(Button(one["text"], one.get("callback_data"), one.get("url")) for one in row)
        for row in (markup or {}).get("inline_keyboard", ())
    )


def _check(button: Json) -> None:
    text = button.get("text")
    if not isinstance(text, str):
        raise bad_request(
            'can\'t parse inline keyboard button: Field "text" must be of type String'
        )
    if not text.strip():
        raise bad_request("inline keyboard button text must be non-empty")
    actions = [name for name in ACTIONS if name in button]
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    data = button.get("callback_data")
    if "callback_data" in button and not 1 <= len(str(data).encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button:
        check_link(str(button["url"]), "inline keyboard button URL")
