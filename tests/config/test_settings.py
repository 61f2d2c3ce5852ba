"""What a person writes into `.env` or the environment, and what they are told about it."""

import os
from pathlib import Path

import pytest

from config.example import env_example
from config.loading import Loaded, fields, load_settings, settings_from
from config.problems import SettingsWrong

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in fields():
        monkeypatch.delenv(name, raising=False)


def load(home: Path, *lines: str) -> Loaded:
    (home / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_settings(home)


def problems(home: Path, *lines: str) -> dict[str, str]:
    with pytest.raises(SettingsWrong) as wrong:
        load(home, *lines)
    return {problem.name: problem.wrong for problem in wrong.value.problems}


def test_without_anything_it_listens_on_loopback_and_needs_no_key(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path)
    settings = loaded.settings
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8000)
    assert settings.agent.model == "offline"
    assert settings.sessions.sessions_csv_path == tmp_path / "sessions.csv"
    assert settings.sessions.data_dir == tmp_path / "data"
    assert set(loaded.origins.values()) == {"default"}
    assert loaded.warnings == ()


def test_the_environment_wins_over_the_file_and_both_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "9000")
    loaded = load(tmp_path, "PORT=7000", "BOT_NAME=Ada")
    assert (loaded.settings.server.port, loaded.origins["PORT"]) == (9000, "environment")
    assert (loaded.settings.agent.bot_name, loaded.origins["BOT_NAME"]) == ("Ada", ".env")


def test_everything_wrong_is_said_at_once_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        load(
            tmp_path,
            "PORT=nine",
            "SWEEP_INTERVAL_MINUTES=0",
            "GROUP_SESSIONS=both",
            "ADMINS=me",
            "TOOLS=tools.py",
            "MODEL_BASE_URL=localhost",
            "MAX_TOOL_CALLS=1000000",
            "SESSION_TTL_MINUTES=nan",
        )
    lines = str(wrong.value).splitlines()
    assert lines[0] == "8 settings are wrong:"
    assert lines[1] == "  PORT (.env): is not a whole number. Example: PORT=8000"
    named = {line.split()[0] for line in lines[1:]}
    assert {"GROUP_SESSIONS", "ADMINS", "TOOLS", "MODEL_BASE_URL", "MAX_TOOL_CALLS"} <= named
    assert all(" Example: " in line for line in lines[1:])


def test_an_empty_value_means_the_default(tmp_path: Path) -> None:
    loaded = load(tmp_path, "PORT=", "MODEL=  ", "API_KEYS=")
    assert (loaded.settings.server.port, loaded.settings.agent.model) == (8000, "offline")
    assert loaded.origins["PORT"] == "default"


def test_an_empty_list_of_safe_tools_means_that_none_is_safe(tmp_path: Path) -> None:
    loaded = load(tmp_path, "SAFE_TOOLS=")
    assert (loaded.settings.agent.safe_tools, loaded.origins["SAFE_TOOLS"]) == ((), ".env")


def test_a_host_that_others_reach_needs_a_key(tmp_path: Path) -> None:
    assert "API_KEYS" in problems(tmp_path, "HOST=0.0.0.0")["HOST"]
    assert "API_KEYS" in problems(tmp_path, "HOST=bot.example.org")["HOST"]
    key = "API_KEYS=ops:admin:0123456789abcdef"
    assert load(tmp_path, "HOST=0.0.0.0", key).settings.server.host == "0.0.0.0"
    for loopback in ("localhost", "127.1.2.3", "::1"):
        load(tmp_path, f"HOST={loopback}")


def test_api_keys_are_read_and_no_message_or_repr_shows_a_secret(tmp_path: Path) -> None:
    loaded = load(tmp_path, "API_KEYS=shop:app:s3cret:with:colons, ops:admin:0123456789abcdef")
    keys = loaded.settings.server.api_keys
    assert [(key.name, key.role) for key in keys] == [("shop", "app"), ("ops", "admin")]
    assert loaded.settings.secrets == ("s3cret:with:colons", "0123456789abcdef")
    assert "s3cret" not in repr(loaded)
    with pytest.raises(SettingsWrong) as wrong:
        load(tmp_path, "API_KEYS=shop:app:s3cret,ops:boss:hush")
    assert "the role of key 'ops'" in str(wrong.value)
    assert "s3cret" not in str(wrong.value)
    assert "hush" not in str(wrong.value)


@pytest.mark.parametrize(
    "keys",
    ["shop", "shop:app", "shop:app:", ":app:x", "a/b:app:x", "operator:admin:x",
     "a:app:x,a:app:y", "a:app:x,b:app:x"],
)  # fmt: skip
def test_a_key_that_cannot_be_told_apart_or_read_is_refused(tmp_path: Path, keys: str) -> None:
    assert set(problems(tmp_path, f"API_KEYS={keys}")) == {"API_KEYS"}


def test_two_admins_are_needed_where_two_decide(tmp_path: Path) -> None:
    assert "none is named" in problems(tmp_path, "APPROVERS=pay:two")["ADMINS"]
    one = ("APPROVERS=pay:two", "ADMINS=telegram:1,telegram:1")
    assert "one is named" in problems(tmp_path, *one)["ADMINS"]
    load(tmp_path, "APPROVERS=pay:two", "ADMINS=telegram:1,discord:2")
    load(tmp_path, "APPROVERS=*:two", "ADMINS=telegram:1", "API_KEYS=ops:admin:0123456789abcdef")


def test_an_admin_of_the_api_is_an_admin_key_or_the_operator(tmp_path: Path) -> None:
    assert "is no key" in problems(tmp_path, "ADMINS=api:bob")["ADMINS"]
    app = "API_KEYS=bob:app:0123456789abcdef"
    assert "key of an app" in problems(tmp_path, "ADMINS=api:bob", app)["ADMINS"]
    load(tmp_path, "ADMINS=api:bob", "API_KEYS=bob:admin:0123456789abcdef")
    load(tmp_path, "ADMINS=api:operator")


def test_an_alarm_for_a_mailbox_that_no_key_can_read_is_refused(tmp_path: Path) -> None:
    keys = "API_KEYS=ops:admin:0123456789abcdef"
    for nobodys in ("api:ops", "api:ops/", "api:else/boss"):
        wrong = problems(tmp_path, f"ADMIN_CHAT={nobodys}", keys)["ADMIN_CHAT"]
        assert f"nobody is '{nobodys}'" in wrong
    load(tmp_path, "ADMIN_CHAT=api:ops/boss,telegram:1", keys)
    load(tmp_path, "ADMIN_CHAT=api:boss")


def test_who_decides_is_read_per_tool_with_a_star_for_the_rest(tmp_path: Path) -> None:
    settings = load(tmp_path, "APPROVERS=pay:admins, look:requester").settings
    assert settings.approvals.approvers == {
        "*": "requester",
        "pay": "admins",
        "look": "requester",
    }
    assert set(problems(tmp_path, "APPROVERS=pay:everyone")) == {"APPROVERS"}
    assert set(problems(tmp_path, "APPROVERS=pay:two,pay:admins")) == {"APPROVERS"}


def test_a_typing_mistake_in_a_name_is_noticed(tmp_path: Path) -> None:
    loaded = load(tmp_path, "SESION_TTL_MINUTES=5", "port=9000", "OPENAI_API_KEY=sk-x")
    assert any("SESSION_TTL_MINUTES is." in warning for warning in loaded.warnings)
    assert any("PORT is." in warning for warning in loaded.warnings)
    assert not any("OPENAI" in warning for warning in loaded.warnings)


def test_variables_of_the_providers_are_handed_on_and_empty_ones_are_not(tmp_path: Path) -> None:
    loaded = load(tmp_path, "OPENAI_API_KEY=sk-x", "ANTHROPIC_API_KEY=", "PORT=0")
    assert loaded.others == {"OPENAI_API_KEY": "sk-x"}
    assert "OPENAI_API_KEY" not in os.environ or os.environ["OPENAI_API_KEY"] != "sk-x"


def test_a_short_secret_is_advised_against(tmp_path: Path) -> None:
    (warning,) = load(tmp_path, "API_KEYS=shop:app:short").warnings
    assert "'shop'" in warning
    assert "short" not in warning


def test_the_system_prompt_is_a_text_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "prompt.md").write_text("Be brief.\n", encoding="utf-8")
    assert load(tmp_path, "SYSTEM_PROMPT=prompt.md").settings.agent.system_prompt == "Be brief."
    text = "Read the docs in prompt.md"
    assert load(tmp_path, f"SYSTEM_PROMPT={text}").settings.agent.system_prompt == text
    assert "none.md" in problems(tmp_path, "SYSTEM_PROMPT=none.md")["SYSTEM_PROMPT"]


def test_a_file_that_is_no_text_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00P")
    with pytest.raises(SettingsWrong, match="UTF-8"):
        load_settings(tmp_path)


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfPORT=7000\r\nBOT_NAME=Ada\r\n")
    loaded = load_settings(tmp_path)
    assert (loaded.settings.server.port, loaded.settings.agent.bot_name) == (7000, "Ada")
    assert loaded.origins["PORT"] == ".env"


def test_settings_given_in_code_ignore_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "9000")
    assert settings_from(tmp_path, BOT_NAME="Ada").server.port == 8000
    with pytest.raises(TypeError, match="PROT"):
        settings_from(tmp_path, PROT=1)


def test_the_example_holds_every_setting_with_its_default() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert text == env_example(), "run: ./start.sh config --example > .env.example"
    lines = text.splitlines()
    assert all(any(line.startswith(f"# {name}=") for line in lines) for name in fields())


def test_an_example_whose_settings_are_all_set_means_the_defaults(tmp_path: Path) -> None:
    lines = [
        line.removeprefix("# ")
        for line in env_example().splitlines()
        if any(line.startswith(f"# {name}=") for name in fields())
    ]
    assert load(tmp_path, *lines).settings == load(tmp_path).settings


@pytest.mark.parametrize("line", ['API_KEYS="shop:app:0123456789abcdef', "API_KEYS: shop:app:x"])
def test_a_line_that_cannot_be_read_stops_the_start(tmp_path: Path, line: str) -> None:
    """It could be the very line that keeps others out."""
    (tmp_path / ".env").write_text(f"{line}\nPORT=8000\n")
    with pytest.raises(SettingsWrong, match="line 1 is not NAME=value"):
        load_settings(tmp_path)
