"""What the settings say, as the plain values that the parts of the bot take."""

from datetime import timedelta
from importlib.metadata import version
from math import ceil

from adapters.api import ApiAdapter
from adapters.contract import Address
from bot.agent.graph import Limits as TurnLimits
from bot.agent.models import ModelOptions
from bot.agent.opening import AgentOptions
from bot.archives import Archives
from bot.care import CareOptions
from bot.cleaning import Retention
from bot.deciders import Deciders
from bot.errors import StartError
from bot.limits import LimitOptions
from bot.web.options import ApiKey, WebOptions
from config.data import BackupSettings, DataSettings
from config.settings import (
    AgentSettings,
    ApprovalSettings,
    LimitSettings,
    LogSettings,
    ServerSettings,
    Settings,
)
from sessions.backup import BackupOptions, BackupSetup
from sessions.backup_folder import BackupFolder
from sessions.stored_files import Places

CONTROL_SOCKET = "control.sock"


def web_options(settings: Settings) -> WebOptions:
    """Say where HTTP listens and whom it lets in."""
    server = settings.server
    keys = tuple(
        ApiKey(key.name, key.role, key.secret.get_secret_value()) for key in server.api_keys
    )
    return WebOptions(
        host=server.host,
        port=server.port,
        keys=keys,
        allowed_hosts=server.allowed_hosts,
        control_socket=settings.sessions.data_dir / CONTROL_SOCKET,
        version=version("threadline"),
    )


def api_adapter(settings: Settings) -> ApiAdapter:
    """Give HTTP as a platform."""
    return ApiAdapter(
        wait_seconds=settings.server.chat_wait_seconds,
        max_message_chars=settings.limits.max_message_chars,
    )


def limit_options(limits: LimitSettings) -> LimitOptions:
    """Say how much is too much."""
    return LimitOptions(
        messages_per_minute=limits.messages_per_minute,
        tokens_per_day=limits.tokens_per_day,
        concurrent_turns=limits.max_concurrent_turns,
        turn_seconds=limits.turn_timeout_seconds,
        message_chars=limits.max_message_chars,
    )


def backup_setup(settings: Settings) -> BackupSetup:
    """Say what is backed up, where backups are, how long, and whether they are encrypted."""
    backups, sessions = settings.backups, settings.sessions
    options = BackupOptions(
        keep=timedelta(days=backups.backup_keep),
        passphrase=backups.backup_passphrase.get_secret_value(),
        version=version("threadline"),
    )
    places = Places(sessions.data_dir, sessions.sessions_csv_path)
    return BackupSetup(BackupFolder(backups.backup_dir), places, options)


def agent_options(agent: AgentSettings) -> AgentOptions:
    """Say what the agent is made of."""
    return AgentOptions(
        model=ModelOptions(
            model=agent.model,
            fallback=agent.model_fallback,
            base_url=agent.model_base_url,
            timeout_seconds=agent.model_timeout_seconds,
            retries=agent.model_retries,
        ),
        limits=TurnLimits(
            history_max_chars=agent.history_max_chars,
            model_calls=agent.max_model_calls,
            tool_calls=agent.max_tool_calls,
        ),
        bot_name=agent.bot_name,
        system_prompt=agent.system_prompt,
        tools=agent.tools,
        safe_tools=agent.safe_tools,
        agent=agent.agent,
        ungated=agent.agent_ungated,
        tool_timeout_seconds=agent.tool_timeout_seconds,
        model_images=agent.model_images,
    )


def check_approvers(approvals: ApprovalSettings, tools: frozenset[str]) -> None:
    """Raise StartError if a tool is named that does not exist."""
    unknown = sorted(approvals.approvers.keys() - tools - {"*"})
    if unknown:
        raise StartError(
            f"APPROVERS names no tool that exists: {', '.join(unknown)}. "
            f"The tools are: {', '.join(sorted(tools))}."
        )


def deciders(approvals: ApprovalSettings, server: ServerSettings) -> Deciders:
    """Admins are those who are named, and the API keys with that role."""
    keys = {f"api:{key.name}" for key in server.api_keys if key.role == "admin"}
    return Deciders(approvals.approvers, frozenset(approvals.admins) | keys)


def shared_chat(written: str) -> Address | None:
    """Give the address of a shared chat, which nobody in particular reads."""
    platform, _, chat = written.partition(":")
    return Address(platform, chat, "") if chat else None


def admin_chats(logs: LogSettings) -> list[Address]:
    """Give the addresses of ADMIN_CHAT."""
    chats = [each.partition(":") for each in logs.admin_chat]
    return [Address(platform, chat, chat) for platform, _, chat in chats]


def archives(backups: BackupSettings, data: DataSettings) -> Archives:
    """Say how long backups and exports keep what people have deleted."""
    never = (backups.backup_at, data.cleanup_at), (backups.backup_keep, data.export_retention_days)
    if "off" in never[0] or 0 in never[1]:
        return Archives(None)
    return Archives(timedelta(days=ceil(max(never[1]))))


def care_options(data: DataSettings) -> CareOptions:
    """Say when the data is looked after."""
    return CareOptions(data.integrity_at, data.cleanup_at)


def retention(data: DataSettings) -> Retention:
    """Say how long what is kept."""

    def days(number: float) -> timedelta | None:
        return timedelta(days=number) if number else None

    return Retention(
        conversations=days(data.conversation_retention_days),
        dead_letters=days(data.dead_letter_retention_days),
        exports=days(data.export_retention_days),
    )
