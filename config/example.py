"""What `.env.example` holds, made from the settings themselves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from config.loading import example_of
from config.settings import GROUPS
from config.values import ApiKey

HEAD = """\
# The settings of Threadline, each with its default. start.sh copies this file to .env, which is
# yours: remove the "# " in front of a name to set it, and start the bot again. What is set in the
# environment wins over .env. `./start.sh config` shows what is set and from where.
# This file is made by `./start.sh config --example`.
"""

PROVIDERS = """\
# The variables that the providers' own libraries read may stand here too:
# OPENAI_API_KEY=
# ANTHROPIC_API_KEY=
# OLLAMA_HOST=
"""


def env_example() -> str:
    """Return the whole text: every setting with its default and one sentence."""
    sections = [HEAD]
    for kind in GROUPS.values():
        lines = [f"# ---- {(kind.__doc__ or '').rstrip('.')}", ""]
        for name, field in kind.model_fields.items():
            lines += [*_setting(name.upper(), field), ""]
        sections.append("\n".join(lines))
    sections.append(PROVIDERS)
    return "\n".join(sections)


def as_written(value: Any) -> str:
    """Write a value as it stands in `.env`; the secrets of keys are masked."""
    match value:
        case tuple():
            return ",".join(as_written(part) for part in value)
        case ApiKey(name=name, role=role):
            return f"{name}:{role}:***"
        case Mapping():
            return ",".join(f"{name}:{part}" for name, part in value.items())
        case float() if value.is_integer():
            return str(int(value))
        case Path():
            return value.as_posix()
        case _:
            return str(value)


def _setting(name: str, field: FieldInfo) -> list[str]:
    default = as_written(field.get_default())
    example = example_of(field)
    sentence = f"# {field.description}"
    if example != default:
        sentence += f" For example {example}"
    return [sentence, f"# {name}={default}"]
