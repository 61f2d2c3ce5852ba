"""The settings about looking after what is kept."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from config import values
from config.group import Group, setting

TimeOfDay = Annotated[str, AfterValidator(values.time_of_day)]


class BackupSettings(Group):
    """Backups."""

    backup_at: TimeOfDay = setting(
        "03:30", "When everything is backed up each day, in UTC; off: never.", "off"
    )
    backup_keep: int = setting(
        30,
        "How many days a backup is kept; 0 is for ever. The newest always stays.",
        "90",
        ge=0,
        le=36_500,
    )
    backup_dir: Path = setting(
        Path("data/backups"), "The directory of backups, best on another disk.", "/mnt/backups"
    )
    backup_passphrase: SecretStr = setting(
        SecretStr(""),
        "With a passphrase backups are encrypted (age); without it nobody can read them again.",
        "correct horse battery staple",
    )


class DataSettings(Group):
    """Looking after the data."""

    integrity_at: TimeOfDay = setting(
        "05:00",
        "When everything is looked at every day, in UTC; ADMIN_CHAT is told what is wrong; or off.",
        "off",
    )
