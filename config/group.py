"""What a group of settings is, and how one setting is described."""

from typing import Annotated, Any

from pydantic import AliasGenerator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config import values

CommaList = Annotated[tuple[str, ...], BeforeValidator(values.parts)]
Lower = BeforeValidator(values.lower)


def setting(default: Any, description: str, example: str, **limits: Any) -> Any:
    """Describe a setting: its default, one sentence, and a value as a person would write it."""
    return Field(
        default=default,
        description=description,
        json_schema_extra={"example": example},
        validate_default=False,
        **limits,
    )


class Group(BaseSettings):
    """Settings that belong together. An empty value means the default."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        case_sensitive=True,
        enable_decoding=False,
        alias_generator=AliasGenerator(validation_alias=str.upper),
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        allow_inf_nan=False,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_the_default(cls, value: object, info: ValidationInfo) -> object:
        name = info.field_name or ""
        if isinstance(value, str) and not value.strip() and name not in MEANT_EMPTY:
            return cls.model_fields[name].get_default()
        return value


MEANT_EMPTY = frozenset({"safe_tools"})
"""Where an empty value says something: no tool is safe."""
