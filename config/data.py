"""The settings about looking after what is kept."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from config import values
from config.group import Group, setting

TimeOfDay = Annotated[str, AfterValidator(values.time_of_day)]
LONGEST_DAYS = 36_500


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
    cleanup_at: TimeOfDay = setting(
        "04:00", "When what is older than the following settings say goes, in UTC; or off.", "off"
    )
    conversation_retention_days: float = setting(
        30.0,
        "A conversation goes so many days after its last message; 0 keeps all for ever.",
        "365",
        ge=0,
        le=LONGEST_DAYS,
    )
    dead_letter_retention_days: float = setting(
        90.0,
        "A dead letter, and what was set aside, goes after so many days; 0 keeps all for ever.",
        "90",
        ge=0,
        le=LONGEST_DAYS,
    )
    export_retention_days: float = setting(
        30.0,
        "A file in data/exports goes after so many days; 0 keeps all for ever.",
        "30",
        ge=0,
        le=LONGEST_DAYS,
    )
