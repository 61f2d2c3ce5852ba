"""What a client sends, validated completely before anything happens."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from adapters.contract import Approve, Edit, Reject, Respond, Verdict
from adapters.json_values import LARGEST_INTEGER, storable, storable_text

USER_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,127}$"
LONGEST_TEXT = 8000
NO_NUL = r"^[^\u0000]*$"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("the text is empty")
    return text


def _a_user_id(written: str) -> str:
    if not re.fullmatch(USER_ID, written):
        raise ValueError(
            "write 1 to 128 characters of A-Z a-z 0-9 _ . : @ -, beginning with a letter or digit"
        )
    return written


#: What `storable` lets through, for the OpenAPI document.
JSON_VALUE_SCHEMA: Mapping[str, Any] = {
    "description": "Any JSON without NUL characters; integers of 64 bits.",
    "anyOf": [
        {"type": ["null", "boolean"]},
        {"type": "integer", "minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER - 1},
        {"type": "number"},
        {"type": "string", "pattern": NO_NUL},
        {"type": "array", "items": {"$ref": "#/components/schemas/JsonValue"}},
        {
            "type": "object",
            "propertyNames": {"pattern": NO_NUL},
            "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
        },
    ],
}

Text = Annotated[str, AfterValidator(storable_text), Field(json_schema_extra={"pattern": NO_NUL})]
SaidText = Annotated[
    str,
    AfterValidator(storable_text),
    AfterValidator(_not_blank),
    Field(min_length=1, json_schema_extra={"pattern": r"^[^\u0000]*[^\u0000\s][^\u0000]*$"}),
]
UserId = Annotated[
    str,
    AfterValidator(_a_user_id),
    Field(
        json_schema_extra={"pattern": USER_ID},
        description=(
            "The person who speaks: 1 to 128 characters of `A-Z a-z 0-9 _ . : @ -`, beginning "
            "with a letter or digit."
        ),
        examples=["test_123"],
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChatBody(_Body):
    """Something that a person says. Commands such as `/new` are texts too."""

    user_id: UserId
    message: Annotated[SaidText, Field(description="The text.", examples=["Hello"])]


class ApproveBody(_Body):
    """Run the action as it was asked."""

    decision: Literal["approve"]
    for_: Annotated[
        Literal["session"] | None,
        Field(alias="for", description="`session`: and its like for the rest of the session."),
    ] = None

    def verdict(self) -> Verdict:
        """Say it in the words of the contract."""
        return Approve(for_session=self.for_ == "session")


class EditBody(_Body):
    """Run the action with these arguments instead."""

    decision: Literal["edit"]
    arguments: Annotated[
        dict[str, Any],
        AfterValidator(storable),
        WithJsonSchema(
            {
                "type": "object",
                "description": "All the arguments of the action.",
                "propertyNames": {"pattern": NO_NUL},
                "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
            }
        ),
    ]

    def verdict(self) -> Verdict:
        """Say it in the words of the contract."""
        return Edit(self.arguments)


class RejectBody(_Body):
    """Do not run the action; the agent is told the reason."""

    decision: Literal["reject"]
    reason: Annotated[Text, Field(max_length=LONGEST_TEXT)] = ""

    def verdict(self) -> Verdict:
        """Say it in the words of the contract."""
        return Reject(self.reason)


class RespondBody(_Body):
    """Do not run the action; the agent is given this text as its result."""

    decision: Literal["respond"]
    text: Annotated[SaidText, Field(max_length=LONGEST_TEXT)]

    def verdict(self) -> Verdict:
        """Say it in the words of the contract."""
        return Respond(self.text)


OneDecision = Annotated[
    ApproveBody | EditBody | RejectBody | RespondBody, Field(discriminator="decision")
]


class SeveralDecisions(_Body):
    """One decision for each action of the approval, in their order."""

    decisions: Annotated[Sequence[OneDecision], Field(min_length=1, max_length=100)]


def _kind(body: Any) -> str:
    """Say which form a body is meant to have; anything unknown is refused."""
    if isinstance(body, SeveralDecisions):
        return "several"
    if isinstance(body, dict):
        return "several" if "decisions" in body else str(body.get("decision"))
    return str(getattr(body, "decision", None))


#: Parts of an error's place that stand for a form and not for a field.
FORMS = frozenset({"approve", "edit", "reject", "respond", "several"})

DecisionBody = Annotated[
    Annotated[ApproveBody, Tag("approve")]
    | Annotated[EditBody, Tag("edit")]
    | Annotated[RejectBody, Tag("reject")]
    | Annotated[RespondBody, Tag("respond")]
    | Annotated[SeveralDecisions, Tag("several")],
    Discriminator(
        _kind,
        custom_error_type="decision",
        custom_error_message=(
            'send {{"decision": "approve" | "edit" | "reject" | "respond"}} '
            'or {{"decisions": [...]}}'
        ),
    ),
]


def verdicts_of(
    body: ApproveBody | EditBody | RejectBody | RespondBody | SeveralDecisions,
) -> tuple[Verdict, ...]:
    """Give the verdicts of a body: a single one stands for all the actions."""
    if isinstance(body, SeveralDecisions):
        return tuple(decision.verdict() for decision in body.decisions)
    return (body.verdict(),)
