"""The settings about looking after what is kept."""

from typing import Annotated

from pydantic import AfterValidator

from config import values
from config.group import Group, setting

TimeOfDay = Annotated[str, AfterValidator(values.time_of_day)]


class DataSettings(Group):
    """Looking after the data."""

    integrity_at: TimeOfDay = setting(
        "05:00",
        "When everything is looked at every day, in UTC; ADMIN_CHAT is told what is wrong; or off.",
        "off",
    )
