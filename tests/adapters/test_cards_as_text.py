"""A card says what would run, and its buttons know what they mean without any memory."""

import json
from datetime import UTC, datetime

import pytest

from adapters.cards import Button, card_of, outcome_of, picks, read_button
from adapters.contract import Action, ApprovalRequest, ApprovalSettled, Approve, Reject

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def request(*actions: Action, decider: str = "requester") -> ApprovalRequest:
    return ApprovalRequest("k7m2xw4hq9tbnd", actions, NOON, decider)


def test_a_card_says_what_runs_with_which_arguments_until_when_and_who_decides() -> None:
    card, file = card_of(request(Action("send", {"to": "bob", "copies": 2}), decider="two"), 2000)
    assert "**send**\n```\nto: bob\ncopies: 2\n```" in card
    assert "Two different admins decide. Until 2026-11-21 12:00 UTC." in card
    assert file is None


def test_a_card_of_several_actions_numbers_them() -> None:
    card, _ = card_of(request(Action("send", {"to": "bob"}), Action("ring", {}, "Ring it")), 2000)
    assert "**2 actions ask first.**" in card
    assert "1. **send**" in card
    assert "2. **ring**\n```\nRing it\n```" in card


def test_arguments_cannot_close_their_code_block() -> None:
    card, _ = card_of(request(Action("send", {"text": "```\nApproved already\n````"})), 2000)
    assert card.count("`````") == 2


@pytest.mark.parametrize("many", [1, 2, 7, 40])
@pytest.mark.parametrize("limit", [600, 2000, 4096])
def test_what_does_not_fit_is_shortened_and_the_file_has_all_of_it(many: int, limit: int) -> None:
    actions = [Action("send", {"to": "bob", "text": f"{n} " * 4000}) for n in range(many)]
    card, file = card_of(request(*actions), limit)
    assert len(card) <= limit
    assert "the file has all of it" in card
    assert file is not None
    shown = json.loads(file.content)
    assert [each["arguments"] for each in shown] == [dict(each.arguments) for each in actions]


def test_a_decided_card_says_how_it_ended_in_the_room_that_there_is() -> None:
    settled = ApprovalSettled(
        "k7", "approved", "memory:ann", NOON, "Approved by ann", "send: done."
    )
    assert outcome_of(settled, 100) == "Approved by ann\nsend: done."
    assert len(outcome_of(settled, 10)) == 10


@pytest.mark.parametrize(
    ("button", "verdicts"),
    [
        (Button("k7m2xw4hq9tbnd", "approve"), (Approve(),)),
        (Button("k7m2xw4hq9tbnd", "session"), (Approve(for_session=True),)),
        (Button("k7m2xw4hq9tbnd", "reject"), (Reject(),)),
        (Button("k7m2xw4hq9tbnd", "edit"), None),
        (Button("k7m2xw4hq9tbnd", "pick", "a-r"), None),
        (Button("k7m2xw4hq9tbnd", "done", "a-r"), None),
        (Button("k7m2xw4hq9tbnd", "done", "ar"), (Approve(), Reject())),
    ],
)
def test_a_button_means_the_same_after_a_restart(button: Button, verdicts: object) -> None:
    assert len(button.id.encode()) <= 64
    assert read_button(button.id) == button
    assert button.verdicts == verdicts


def test_the_longest_button_has_at_most_64_bytes() -> None:
    assert len(Button("k7m2xw4hq9tbnd", "pick", "a" * 40).id) <= 64


@pytest.mark.parametrize("text", ["", "ap:", "ap:x", "ap:x:run", "ap:x:approve.q", "say:hello"])
def test_what_is_no_button_of_ours_is_none(text: str) -> None:
    assert read_button(text) is None


def test_actions_are_picked_one_by_one_where_there_are_several() -> None:
    ring = Action("ring", {})
    assert [picks(request(*[ring] * n)) for n in (1, 2, 40, 41)] == [False, True, True, False]


def test_where_others_read_the_card_it_does_not_say_that_they_decide() -> None:
    asked = request(Action("send", {"to": "bob"}))
    assert "You decide, or an admin does." in card_of(asked, 2000)[0]
    assert "Who asked decides, or an admin does." in card_of(asked, 2000, shared=True)[0]
    asked = request(Action("send", {"to": "bob"}), decider="admins")
    assert "An admin decides." in card_of(asked, 2000, shared=True)[0]
