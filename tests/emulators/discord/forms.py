"""What a message, a modal and a command table may contain, and how 50035 tells what is wrong.

Limits: developer documentation, "Create message", "Component reference", "Modal" and
"Application commands"; lengths are counted in characters.
"""

import re
from itertools import chain

from tests.emulators.discord.refusals import FormErrors, empty_message, fault, invalid_form
from tests.emulators.discord.world import JSON, every

CONTENT, EMBEDS, EMBED_TOTAL, ROWS, IN_A_ROW = 2_000, 10, 6_000, 5, 5
NEW_STYLE_FLAG = 1 << 15
NEW_STYLE_COMPONENTS, NEW_STYLE_TEXT = 40, 4_000
ROW, BUTTON, SELECT, TEXT_INPUT, TEXT_DISPLAY, LABEL = 1, 2, 3, 4, 10, 18
LINK_STYLE = 5


def longest(limit: int) -> FormErrors:
    return fault("BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def between(least: int, most: int) -> FormErrors:
    return fault("BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")


def required() -> FormErrors:
    return fault("BASE_TYPE_REQUIRED", "This field is required")


def check_message(payload: JSON, *, files: int, under: str = "") -> None:
    """Refuse a message that the platform refuses; `under` is the field that holds it."""
    errors = _message_errors(payload)
    if errors:
        raise invalid_form({under: errors} if under else errors)
    if payload.get("flags", 0) & NEW_STYLE_FLAG:
        return
    words = (payload.get("content") or "").strip()
    shown = (payload.get(name) for name in ("embeds", "components", "sticker_ids"))
    if (
        not files
        and not words
        and not any(shown)
        and not payload.get("attachments")
        and "poll" not in payload
    ):
        raise empty_message()


def _message_errors(payload: JSON) -> FormErrors:
    errors: FormErrors = {}
    content = payload.get("content") or ""
    embeds = payload.get("embeds") or []
    components = payload.get("components") or []
    if len(content) > CONTENT:
        errors["content"] = longest(CONTENT)
    if len(embeds) > EMBEDS:
        errors["embeds"] = longest(EMBEDS)
    elif sum(map(_embed_size, embeds)) > EMBED_TOTAL:
        words = f"Embed size exceeds maximum size of {EMBED_TOTAL}"
        errors["embeds"] = fault("MAX_EMBED_SIZE_EXCEEDED", words)
    if len(str(payload.get("nonce") or "")) > 25:
        errors["nonce"] = longest(25)
    if payload.get("flags", 0) & NEW_STYLE_FLAG:
        errors |= _new_style_errors(payload, components)
    elif len(components) > ROWS:
        errors["components"] = between(1, ROWS)
    elif components and (wrong := _component_errors(components)):
        errors["components"] = wrong
    return errors


def _embed_size(embed: JSON) -> int:
    fields = chain.from_iterable((one["name"], one["value"]) for one in embed.get("fields", []))
    texts = (embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text"))
    return sum(len(text or "") for text in (*texts, *fields))


def _new_style_errors(payload: JSON, components: list[JSON]) -> FormErrors:
    errors: FormErrors = {}
    for name in ("content", "embeds"):
        if payload.get(name):
            words = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
            errors[name] = fault(code, words)
    inside = every(components)
    text = sum(len(one.get("content", "")) for one in inside if one["type"] == TEXT_DISPLAY)
    if not components:
        errors["components"] = required()
    elif len(inside) > NEW_STYLE_COMPONENTS:
        words = f"The number of components cannot exceed {NEW_STYLE_COMPONENTS}"
        errors["components"] = fault("COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", words)
    elif text > NEW_STYLE_TEXT:
        words = f"The total text length cannot exceed {NEW_STYLE_TEXT} characters"
        errors["components"] = fault("COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", words)
    elif wrong := _component_errors(components):
        errors["components"] = wrong
    return errors


def _component_errors(components: list[JSON]) -> FormErrors:
    """Return what is wrong with these and those inside them, by position, then by field."""
    seen: set[str] = set()

    def of_all(several: list[JSON]) -> FormErrors:
        found = {str(index): of_one(one) for index, one in enumerate(several)}
        return {index: wrong for index, wrong in found.items() if wrong}

    def of_one(one: JSON) -> FormErrors:
        errors = _own_errors(one)
        custom_id = one.get("custom_id")
        if custom_id and custom_id in seen:
            words = "Component custom id cannot be duplicated"
            errors["custom_id"] = fault("COMPONENT_CUSTOM_ID_DUPLICATED", words)
        seen.update([custom_id] if custom_id else [])
        inner = one.get("components")
        if one["type"] == ROW and not 1 <= len(inner or []) <= IN_A_ROW:
            errors["components"] = between(1, IN_A_ROW)
        elif inner and (wrong := of_all(inner)):
            errors["components"] = wrong
        for name in ("accessory", "component"):
            if name in one and (wrong := of_one(one[name])):
                errors[name] = wrong
        return errors

    return of_all(components)


def _own_errors(one: JSON) -> FormErrors:
    kind = one["type"]
    if kind == BUTTON:
        return _button_errors(one)
    if kind == TEXT_INPUT:
        return _text_input_errors(one)
    if kind == SELECT:
        return _select_errors(one)
    if kind == LABEL and not 1 <= len(one.get("label") or "") <= 45:
        return {"label": between(1, 45)}
    if kind == TEXT_DISPLAY and not one.get("content"):
        return {"content": required()}
    return {}


def _custom_id_errors(one: JSON) -> FormErrors:
    custom_id = one.get("custom_id")
    if custom_id is None:
        return {"custom_id": required()}
    return {} if 1 <= len(custom_id) <= 100 else {"custom_id": between(1, 100)}


def _button_errors(one: JSON) -> FormErrors:
    if one.get("style") == LINK_STYLE:
        errors = {} if one.get("url") else {"url": required()}
    else:
        errors = _custom_id_errors(one)
    if len(one.get("label") or "") > 80:
        errors["label"] = longest(80)
    if not one.get("label") and not one.get("emoji"):
        words = "A button must have a label or an emoji"
        errors["_errors"] = fault("BUTTON_COMPONENT_EMPTY", words)["_errors"]
    return errors


def _text_input_errors(one: JSON) -> FormErrors:
    errors = _custom_id_errors(one)
    label = one.get("label")
    if label is not None and not 1 <= len(label) <= 45:
        errors["label"] = between(1, 45)
    if len(one.get("placeholder") or "") > 100:
        errors["placeholder"] = longest(100)
    if len(one.get("value") or "") > min(4_000, one.get("max_length") or 4_000):
        errors["value"] = longest(min(4_000, one.get("max_length") or 4_000))
    if not 1 <= (one.get("max_length") or 4_000) <= 4_000:
        words = "int value should be between 1 and 4000."
        errors["max_length"] = fault("NUMBER_TYPE_RANGE", words)
    return errors


def _select_errors(one: JSON) -> FormErrors:
    errors = _custom_id_errors(one)
    options = one.get("options") or []
    if not 1 <= len(options) <= 25:
        errors["options"] = between(1, 25)
    elif any(not 1 <= len(option["label"]) <= 100 for option in options):
        errors["options"] = between(1, 100)
    if len(one.get("placeholder") or "") > 150:
        errors["placeholder"] = longest(150)
    return errors


def check_modal(data: JSON) -> None:
    """Refuse a modal that the platform refuses."""
    errors = _custom_id_errors(data)
    components = data.get("components") or []
    if not 1 <= len(data.get("title") or "") <= 45:
        errors["title"] = between(1, 45)
    if not 1 <= len(components) <= 5:
        errors["components"] = between(1, 5)
    elif wrong := _component_errors(components):
        errors["components"] = wrong
    elif any(one["type"] == BUTTON for one in every(components)):
        words = 'Value of field "type" must be one of (1, 10, 18).'
        errors["components"] = fault("UNION_TYPE_CHOICES", words)
    if errors:
        raise invalid_form({"data": errors})


def check_commands(commands: list[JSON]) -> None:
    """Refuse a table of slash commands that the platform refuses."""
    errors: FormErrors = {}
    names = [(one.get("type", 1), one["name"]) for one in commands]
    if len(commands) > 100:
        raise invalid_form(longest(100))
    for index, one in enumerate(commands):
        wrong: FormErrors = {}
        if one.get("type", 1) == 1:
            if (
                not re.fullmatch(r"[-_'\w]{1,32}", one["name"])
                or one["name"] != one["name"].lower()
            ):
                words = "Command name is invalid"
                wrong["name"] = fault("APPLICATION_COMMAND_INVALID_NAME", words)
            if not 1 <= len(one.get("description") or "") <= 100:
                wrong["description"] = between(1, 100)
            if len(one.get("options") or []) > 25:
                wrong["options"] = longest(25)
        if names.index(names[index]) != index:
            words = "Application command names must be unique"
            wrong["name"] = fault("APPLICATION_COMMANDS_DUPLICATE_NAME", words)
        if wrong:
            errors[str(index)] = wrong
    if errors:
        raise invalid_form(errors)
