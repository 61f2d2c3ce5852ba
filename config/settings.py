"""Every setting of Threadline, in groups. The names in the environment are the fields in capitals.

Only `bot/app.py` and `bot/cli/` read them and hand plain values on. `config.loading` fills them
from the environment and from `.env`; `config.example` writes `.env.example` from what stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator

from config import values
from config.data import BackupSettings, DataSettings
from config.group import CommaList, Group, Lower, setting
from config.platforms import DiscordSettings, TelegramSettings

DECIDERS = values.alternatives(values.Decider)


class ServerSettings(Group):
    """HTTP."""

    host: str = setting(
        "127.0.0.1",
        "Where HTTP listens; anything but loopback needs API_KEYS.",
        "0.0.0.0",  # noqa: S104 - an example of what needs keys
    )
    port: int = setting(8000, "The port of HTTP; 0 takes a free one.", "8000", ge=0, le=65535)
    api_keys: Annotated[tuple[values.ApiKey, ...], BeforeValidator(values.api_keys)] = setting(
        (),
        "Keys of the HTTP API as name:role:secret with role app or admin, separated by commas.",
        "shop:app:a-long-secret,ops:admin:another-long-secret",
    )
    allowed_hosts: CommaList = setting(
        (),
        "Further names in the Host header that are answered without API keys, as behind a proxy.",
        "bot.example.org",
    )
    chat_wait_seconds: float = setting(
        60.0,
        "How long POST /api/chat waits for the answer before it says 202.",
        "60",
        gt=0,
        le=3600,
    )
    shutdown_grace_seconds: float = setting(
        20.0, "How long turns that have begun may take to finish at a stop.", "20", ge=0, le=3600
    )


class SessionSettings(Group):
    """Sessions and files."""

    sessions_csv_path: Path = setting(
        Path("sessions.csv"), "The file of the live sessions.", "sessions.csv"
    )
    data_dir: Path = setting(
        Path("data"), "The directory of conversations, logs and the control socket.", "data"
    )
    session_ttl_minutes: float = setting(
        60.0, "A session ends after so many idle minutes.", "60", gt=0, le=5_256_000
    )
    sweep_interval_minutes: float = setting(
        5.0, "How often what has expired is looked for.", "5", gt=0, le=1440
    )
    group_sessions: Annotated[Literal["person", "chat"], Lower] = setting(
        "person", "In a group: one session for each person, or one for the whole chat.", "chat"
    )
    max_waiting_messages: int = setting(
        10, "How many messages of one conversation may wait for their turn.", "10", ge=1, le=1000
    )
    delivery_attempts: int = setting(
        8,
        "How often a message that a platform does not take is tried before it is put aside.",
        "8",
        ge=1,
        le=1000,
    )


class LimitSettings(Group):
    """Limits."""

    messages_per_minute: int = setting(
        20, "How many messages a person may send in a minute; 0 is no limit.", "20", ge=0, le=10_000
    )
    max_message_chars: int = setting(
        8000, "The longest message that is taken.", "8000", ge=1, le=200_000
    )
    max_attachment_mb: float = setting(
        5.0, "The largest file of a person that is read, in megabytes.", "5", gt=0, le=100
    )
    tokens_per_day: int = setting(
        0,
        "How many tokens a person may use in a day of UTC, read and written; 0 is no limit.",
        "100000",
        ge=0,
        le=10**12,
    )
    max_concurrent_turns: int = setting(
        16,
        "How many turns work at once; the others wait in order of arrival.",
        "16",
        ge=1,
        le=10_000,
    )
    turn_timeout_seconds: float = setting(
        600.0,
        "How long a turn may work in one go before it is stopped; waiting does not count.",
        "600",
        gt=0,
        le=86_400,
    )


class AgentSettings(Group):
    """The agent."""

    model: str = setting(
        "offline",
        "The language model as provider:name; offline needs no key.",
        "openai:gpt-5-mini",
    )
    model_base_url: Annotated[str, AfterValidator(values.web_address)] = setting(
        "", "The address of an OpenAI-compatible server.", "http://127.0.0.1:11434/v1"
    )
    model_timeout_seconds: float = setting(
        60.0, "How long one call of the model may take.", "60", gt=0, le=3600
    )
    model_retries: int = setting(
        2, "How often a failed call of the model is tried again.", "2", ge=0, le=20
    )
    model_fallback: str = setting(
        "", "The model that is asked when the first one fails.", "anthropic:claude-sonnet-4-5"
    )
    model_images: Annotated[Literal["auto", "on", "off"], Lower] = setting(
        "auto",
        "Whether the model is shown pictures; auto does what is known of the model.",
        "on",
    )
    system_prompt: str = setting(
        "", "What the agent is told about itself: a text, or a file that holds it.", "prompt.md"
    )
    bot_name: str = setting("Threadline", "What the bot calls itself.", "Ada", max_length=64)
    history_max_chars: int = setting(
        60_000,
        "How much of a conversation the model sees, in whole turns.",
        "60000",
        ge=1000,
        le=10_000_000,
    )
    tools: Annotated[CommaList, AfterValidator(values.import_paths)] = setting(
        (), "Your own tools as package.module:TOOLS, separated by commas.", "my_tools:TOOLS"
    )
    safe_tools: CommaList = setting(
        ("time", "note", "notes", "remind_me", "send_file"),
        "The tools that need no approval, separated by commas; empty means none.",
        "time,note,notes,remind_me,send_file,weather",
    )
    agent: Annotated[str, AfterValidator(values.import_path)] = setting(
        "", "A graph of your own as package.module:graph in place of the agent.", "my_agent:graph"
    )
    agent_ungated: Annotated[Literal["refuse", "allow"], Lower] = setting(
        "refuse", "Whether a graph of your own may have tools that no approval guards.", "allow"
    )
    tool_timeout_seconds: float = setting(
        60.0, "How long one tool may take.", "60", gt=0, le=86_400
    )
    max_model_calls: int = setting(
        20, "How often the model may be called in one turn.", "20", ge=1, le=1000
    )
    max_tool_calls: int = setting(
        20, "How many tools may be called in one turn.", "20", ge=1, le=1000
    )


class ApprovalSettings(Group):
    """Approvals."""

    approvers: Annotated[Mapping[str, values.Decider], BeforeValidator(values.approvers)] = setting(
        {"*": "requester"},
        f"Who decides about a tool, as tool:who with who = {DECIDERS} (different admins);"
        " the tool * stands for all others.",
        "*:requester,delete_account:two",
    )
    admins: Annotated[CommaList, AfterValidator(values.people)] = setting(
        (),
        "The admins as platform:id, separated by commas; /whoami tells one's own.",
        "telegram:12345,discord:678,api:ops",
    )
    approval_chat: Annotated[str, AfterValidator(values.chat)] = setting(
        "",
        "The shared chat that is shown what admins must decide, as platform:id.",
        "telegram:-1001234567890",
    )
    approval_ttl_minutes: float = setting(
        60.0,
        "An approval that nobody decides expires after so many minutes.",
        "60",
        gt=0,
        le=5_256_000,
    )


class LogSettings(Group):
    """Logs and alarms."""

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(values.upper)
    ] = setting("INFO", "The least important lines that are logged.", "DEBUG")
    log_format: Annotated[Literal["auto", "people", "json"], Lower] = setting(
        "auto", "How lines look: for people, as JSON, or by whether a terminal reads them.", "json"
    )
    admin_chat: Annotated[CommaList, AfterValidator(values.people)] = setting(
        (),
        "The chats that are told of alarms, as platform:id, separated by commas; over HTTP with "
        "keys api:key/user_id.",
        "telegram:12345",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Paths are absolute; `home` is what relative ones were relative to."""

    home: Path
    server: ServerSettings
    sessions: SessionSettings
    limits: LimitSettings
    agent: AgentSettings
    approvals: ApprovalSettings
    backups: BackupSettings
    logs: LogSettings
    data: DataSettings
    telegram: TelegramSettings
    discord: DiscordSettings

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that are never shown or logged."""
        tokens = (
            self.telegram.telegram_bot_token,
            self.discord.discord_bot_token,
            self.backups.backup_passphrase,
        )
        texts = (token.get_secret_value() for token in tokens)
        return (*values.secret_texts(self.server.api_keys), *filter(None, texts))


GROUPS: Mapping[str, type[Group]] = {
    "server": ServerSettings,
    "sessions": SessionSettings,
    "limits": LimitSettings,
    "agent": AgentSettings,
    "approvals": ApprovalSettings,
    "backups": BackupSettings,
    "logs": LogSettings,
    "data": DataSettings,
    "telegram": TelegramSettings,
    "discord": DiscordSettings,
}
"""The groups by their name in `Settings`, in the order in which people read them."""
