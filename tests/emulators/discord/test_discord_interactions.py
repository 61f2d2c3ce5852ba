"""Real discord.py is given commands, buttons and modals by the stand-in, and answers in time."""

import discord
import pytest

from tests.emulators.discord.listening_bot import ListeningBot, listening
from tests.emulators.discord.server import Discord
from tests.emulators.discord.world import Channel, Message, User


class Card(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Approve", custom_id="approve:1"))
        self.add_item(discord.ui.Button(label="Reject", custom_id="reject:1"))


class Why(discord.ui.Modal, title="Why not?"):
    reason: discord.ui.TextInput["Why"] = discord.ui.TextInput(label="Reason", custom_id="why")
    more: discord.ui.TextInput["Why"] = discord.ui.TextInput(label="More", required=False)


class Argument(discord.ui.Modal, title="Change it"):
    city: discord.ui.Label["Argument"] = discord.ui.Label(
        text="City", component=discord.ui.TextInput(custom_id="city", default="Rome")
    )


class Page(discord.ui.LayoutView):
    words: discord.ui.TextDisplay["Page"] = discord.ui.TextDisplay("## May I?")
    choice: discord.ui.ActionRow["Page"] = discord.ui.ActionRow(
        discord.ui.Button(label="Yes", custom_id="yes")
    )


async def card_in(channel: Channel, bot: ListeningBot) -> Message:
    await bot.get_partial_messageable(channel.id).send("May I?", view=Card())
    return channel.messages[-1]


async def test_a_command_is_answered(server: Discord, ann: User, general: Channel) -> None:
    async with listening(server) as bot:
        asked = server.slash(general, ann, "ask", text="how late is it?")
        await server.until(lambda: bot.begun)
        begun = bot.begun[0]
        assert (begun.namespace.text, begun.user.id) == ("how late is it?", ann.id)
        await begun.response.send_message("Late.")
        assert general.texts == ["Late."]
        assert (asked.failed, asked.private) == ("", [])


async def test_a_private_answer_is_seen_by_one_person_and_is_not_in_the_history(
    server: Discord, ann: User, general: Channel
) -> None:
    bob = server.user("bob")
    async with listening(server) as bot:
        asked = server.slash(general, ann, "ask", text="?")
        await server.until(lambda: bot.begun)
        await bot.begun[0].response.send_message("For you.", ephemeral=True)
        assert asked.private == ["For you."]
        assert [one.text for one in general.seen_by(ann)] == ["For you."]
        assert general.seen_by(bob) == general.messages == []
        channel = bot.get_partial_messageable(general.id)
        assert [one async for one in channel.history()] == []
        await server.until(lambda: bot.own)
        assert bot.own[0].guild is None
        shown = await bot.begun[0].original_response()
        with pytest.raises(discord.NotFound) as refused:
            await channel.fetch_message(shown.id)
        assert refused.value.code == 10008
        await shown.edit(content="For you alone.")
        assert asked.private == ["For you alone."]


async def test_a_promised_answer_takes_the_place_of_the_promise(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        server.slash(chat, ann, "ask", text="?")
        await server.until(lambda: bot.begun)
        await bot.begun[0].response.defer(thinking=True)
        assert chat.messages[0].thinking
        await bot.begun[0].followup.send("Here.")
        await bot.begun[0].followup.send("And more.")
        await bot.begun[0].edit_original_response(content="Here it is.")
        assert chat.texts == ["Here it is.", "And more."]
        await bot.begun[0].delete_original_response()
        assert chat.texts == ["And more."]


async def test_a_button_changes_its_own_card(server: Discord, ann: User, chat: Channel) -> None:
    async with listening(server) as bot:
        card = await card_in(chat, bot)
        assert card.buttons == ["Approve", "Reject"]
        server.click(card, "Approve", ann)
        await server.until(lambda: bot.begun)
        assert bot.begun[0].data
        assert bot.begun[0].data.get("custom_id") == "approve:1"
        assert bot.begun[0].message
        assert bot.begun[0].message.id == card.id
        await bot.begun[0].response.edit_message(content="Approved by Ann.", view=None)
        assert (card.text, card.buttons, card.versions) == ("Approved by Ann.", [], ["May I?"])


async def test_a_modal_is_opened_and_what_is_filled_in_arrives(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        card = await card_in(chat, bot)
        pressed = server.click(card, "Reject", ann)
        await server.until(lambda: bot.begun)
        form = Why()
        await bot.begun[0].response.send_modal(form)
        assert pressed.modal
        assert pressed.modal.title == "Why not?"
        assert [one["label"] for one in pressed.modal.inputs] == ["Reason", "More"]
        with pytest.raises(AssertionError, match="Reason is required"):
            server.submit(pressed.modal, {}, ann)
        server.submit(pressed.modal, {"Reason": "too dear"}, ann)
        await server.until(lambda: len(bot.begun) == 2)
        await form.wait()
        assert (form.reason.value, form.more.value) == ("too dear", "")
        await bot.begun[1].response.edit_message(content="Rejected: too dear", view=None)
        assert card.text == "Rejected: too dear"


async def test_a_modal_offers_what_stands_there_and_takes_what_is_changed(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        asked = server.slash(chat, ann, "ask", text="?")
        await server.until(lambda: bot.begun)
        form = Argument()
        await bot.begun[0].response.send_modal(form)
        assert asked.modal
        assert [(one["label"], one["value"]) for one in asked.modal.inputs] == [("City", "Rome")]
        server.submit(asked.modal, {"City": "Oslo"}, ann)
        await form.wait()
        assert isinstance(form.city.component, discord.ui.TextInput)
        assert form.city.component.value == "Oslo"
        await bot.begun[1].response.send_message("Oslo it is.")
        assert chat.texts == ["Oslo it is."]


async def test_a_card_of_the_newer_kind_is_read_and_pressed(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        await bot.get_partial_messageable(chat.id).send(view=Page())
        page = chat.messages[0]
        assert (page.text, page.buttons) == ("## May I?", ["Yes"])
        server.click(page, "Yes", ann)
        await server.until(lambda: bot.begun)
        after = discord.ui.LayoutView()
        after.add_item(discord.ui.TextDisplay("Yes, said Ann."))
        await bot.begun[0].response.edit_message(view=after)
        assert (page.text, page.buttons) == ("Yes, said Ann.", [])
        both = {
            "content": "words",
            "flags": 1 << 15,
            "components": [{"type": 10, "content": "words"}],
        }
        with pytest.raises(discord.HTTPException) as refused:
            await bot.ask_api("POST", f"/channels/{chat.id}/messages", json=both)
        assert "cannot be used when using MessageFlags.IS_COMPONENTS_V2" in refused.value.text


async def test_a_button_that_one_person_sees_is_pressed_by_nobody_else(
    server: Discord, ann: User, general: Channel
) -> None:
    bob = server.user("bob")
    async with listening(server) as bot:
        asked = server.slash(general, ann, "ask", text="?")
        await server.until(lambda: bot.begun)
        await bot.begun[0].response.send_message("Sure?", view=Card(), ephemeral=True)
        card = asked.messages[0]
        with pytest.raises(AssertionError, match="bob does not see it"):
            server.click(card, "Approve", bob)
        server.click(card, "Approve", ann)
        await server.until(lambda: len(bot.begun) == 2)
        await bot.begun[1].response.edit_message(content="Sure.", view=None)
        assert asked.private == ["Sure."]


async def test_an_interaction_that_nobody_acknowledges_in_time_fails_for_the_person(
    server: Discord, ann: User, chat: Channel
) -> None:
    server.interactions.acknowledge_within = 0.05
    async with listening(server) as bot:
        asked = server.slash(chat, ann, "ask", text="?")
        pressed = server.click(await card_in(chat, bot), "Approve", ann)
        await server.until(lambda: asked.failed and pressed.failed)
        assert asked.failed == "The application did not respond"
        assert pressed.failed == "This interaction failed"
        await server.until(lambda: bot.begun)
        with pytest.raises(discord.NotFound) as refused:
            await bot.begun[0].response.defer()
        assert refused.value.code == 10062


async def test_an_interaction_is_acknowledged_once(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        asked = server.slash(chat, ann, "ask", text="?")
        server.tell_again(asked)
        await server.until(lambda: len(bot.begun) == 2)
        await bot.begun[0].response.send_message("one")
        with pytest.raises(discord.HTTPException) as refused:
            await bot.begun[1].response.send_message("two")
        assert refused.value.code == 40060
        assert chat.texts == ["one"]


async def test_after_fifteen_minutes_an_interaction_takes_no_answer(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        server.slash(chat, ann, "ask", text="?")
        await server.until(lambda: bot.begun)
        await bot.begun[0].response.defer(thinking=True)
        server.clock.advance(15 * 60 + 1)
        with pytest.raises(discord.HTTPException) as refused:
            await bot.begun[0].followup.send("at last")
        assert (refused.value.status, refused.value.code) == (401, 50027)


async def test_nothing_follows_what_was_not_acknowledged(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        server.slash(chat, ann, "ask", text="?")
        await server.until(lambda: bot.begun)
        with pytest.raises(discord.NotFound) as refused:
            await bot.begun[0].followup.send("too early")
        assert refused.value.code == 10015


async def test_proposals_are_made_while_a_person_types(
    server: Discord, ann: User, chat: Channel
) -> None:
    async def propose(
        interaction: discord.Interaction, current: str
    ) -> list[discord.app_commands.Choice[str]]:
        return [discord.app_commands.Choice(name=f"{current}lo", value="hello")]

    async with listening(server) as bot:
        bot.ask.autocomplete("text")(propose)
        typed = server.complete(chat, ann, "ask", text="hel")
        await server.until(lambda: typed.choices)
        assert [one["name"] for one in typed.choices] == ["hello"]


async def test_who_uses_a_command_and_what_they_may_is_told(
    server: Discord, ann: User, general: Channel
) -> None:
    assert general.guild
    bob = server.user("bob")
    general.guild.members.append(bob)
    general.guild.admins.append(bob)
    async with listening(server) as bot:
        server.slash(general, ann, "ask", text="?")
        server.slash(general, bob, "ask", text="?")
        await server.until(lambda: len(bot.begun) == 2)
        assert [one.permissions.administrator for one in bot.begun] == [False, True]


async def test_people_use_only_what_they_are_offered(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        card = await card_in(chat, bot)
        with pytest.raises(AssertionError, match="Maybe is none of"):
            server.click(card, "Maybe", ann)
        with pytest.raises(AssertionError, match="/dance is none of"):
            server.slash(chat, ann, "dance")
        with pytest.raises(AssertionError, match="the option text is required"):
            server.slash(chat, ann, "ask")
