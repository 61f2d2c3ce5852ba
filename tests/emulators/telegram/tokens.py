"""A bot's token: its id, a colon and 35 characters."""

import re

SECRET = "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_x"[:35]
FORM = re.compile(r"\d{6,16}:[A-Za-z0-9_-]{35}")


def is_formed(token: str) -> bool:
    """Tell whether this could be a token; the real server answers 404 when it cannot."""
    return FORM.fullmatch(token) is not None
