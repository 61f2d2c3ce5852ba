"""In groups the bot answers who speaks to it, and only them; topics are places of their own."""

from adapters.contract import Answer
from tests.adapters.telegram.side import Bot, telegram_side


async def test_it_answers_who_names_it_and_does_not_hear_its_own_name() -> None:
    async with telegram_side() as side:
        group = side.telegram.supergroup("Family", side.ann)
        asked = side.ann.say(f"@{side.telegram.username}, what is the time?", group)
        side.ann.say("🚀 and you, @Threadline_Bot?", group)
        await side.telegram.until(lambda: len(group.answers) >= 2)
        assert side.bot.texts == ["what is the time?", "🚀 and you, ?"]
        assert group.answers[0].reply_to is asked
        sender = side.bot.messages[0].sender
        assert (sender.chat_id, sender.user_id) == (str(group.chat_id), str(side.ann.user_id))
        assert not sender.direct


async def test_it_answers_replies_to_its_own_messages_and_commands() -> None:
    async with telegram_side() as side:
        group = side.telegram.supergroup("Family", side.ann)
        side.ann.say("/new@threadline_bot please", group)
        await side.telegram.until(lambda: group.answers)
        side.ann.say("thank you", group, reply_to=group.answers[0])
        side.ann.say("/help", group)
        await side.telegram.until(lambda: len(group.answers) >= 3)
        assert side.bot.texts == ["/new please", "thank you", "/help"]


async def test_what_is_said_to_others_is_none_of_its_business() -> None:
    async with telegram_side() as side:
        side.telegram.group_privacy = False
        bea = side.telegram.person("Bea")
        group = side.telegram.supergroup("Family", side.ann, bea)
        first = bea.say("good morning", group)
        bea.say("/new@another_bot", group)
        bea.say("/weather", group)
        side.ann.say("good morning to you", group, reply_to=first)
        side.ann.say("@threadline_bot hello", group)
        await side.telegram.until(lambda: group.answers)
        assert side.bot.texts == ["hello"]


async def test_topics_are_places_of_their_own() -> None:
    async with telegram_side() as side:
        forum = side.telegram.supergroup("Club", side.ann, topics=("Cooking", "Sport"))
        cooking, sport = forum.topics
        side.ann.say("@threadline_bot soup?", forum, topic=cooking)
        side.ann.say("@threadline_bot score?", forum, topic=sport)
        await side.telegram.until(lambda: len(forum.answers) >= 2)
        assert {m.sender.topic_id for m in side.bot.messages} == {str(cooking), str(sport)}
        for answer in forum.answers:
            assert answer.topic == (cooking if "soup" in answer.text else sport)


async def test_in_a_topic_not_every_message_is_for_the_bot() -> None:
    async with telegram_side() as side:
        side.telegram.group_privacy = False
        forum = side.telegram.supergroup("Club", side.ann, topics=("Cooking",))
        (cooking,) = forum.topics
        side.ann.say("I like soup", forum, topic=cooking)
        side.ann.say("@threadline_bot hello", forum, topic=cooking)
        await side.telegram.until(lambda: forum.answers)
        assert side.bot.texts == ["hello"]


async def test_a_bare_name_points_at_what_is_replied_to() -> None:
    async with telegram_side() as side:
        bea = side.telegram.person("Bea")
        group = side.telegram.supergroup("Family", side.ann, bea)
        said = bea.say("Bonjour à tous", group)
        side.ann.say("@threadline_bot", group, reply_to=said)
        side.ann.say("@threadline_bot", group)
        await side.telegram.until(lambda: len(group.answers) >= 2)
        assert side.bot.texts == ["Bonjour à tous"]
        assert any("Write what you want" in answer.text for answer in group.answers)


async def test_edits_reactions_joins_polls_and_channel_posts_do_no_harm() -> None:
    async with telegram_side() as side:
        bea = side.telegram.person("Bea")
        group = side.telegram.supergroup("Family", side.ann)
        channel = side.telegram.channel("News", side.ann)
        said = side.ann.say("hello")
        await side.said()
        side.ann.edit(said, "hello!")
        side.ann.react(side.ann.chat.answers[0], "👍")
        bea.join(group)
        bea.leave(group)
        channel.post("@threadline_bot news")
        side.ann.send_poll("Tea?", "yes", "no", chat=group)
        side.telegram.unknown_update()
        side.ann.say("again")
        await side.said(2)
        assert side.bot.texts == ["hello", "again"]
        assert side.adapter.problem == ""


async def test_a_group_that_becomes_a_supergroup_is_told_of_and_written_to() -> None:
    bot = Bot()
    async with telegram_side(bot) as side:
        group = side.telegram.group("Family", side.ann)
        side.reception.chats[str(group.chat_id)] = "1"
        new = group.become_supergroup(by=side.ann)
        side.ann.say("@threadline_bot hello", new)
        await side.telegram.until(lambda: new.answers)
        assert side.reception.chats == {str(new.chat_id): "1"}


async def test_what_is_pushed_to_the_old_group_comes_to_the_new_one() -> None:
    async with telegram_side() as side:
        group = side.telegram.group("Family", side.ann)
        side.ann.say("@threadline_bot hello", group)
        await side.telegram.until(lambda: group.answers)
        side.telegram.faults.delay("getUpdates", 0.5, times=2, after_effect=False)
        new = group.become_supergroup(by=side.ann)
        to = side.bot.messages[0].sender
        await side.adapter.deliver(to, side.bot.noted(Answer("b", "Later.")))
        assert [answer.text for answer in new.answers] == ["Later."]


async def test_a_command_to_another_bot_is_not_ours_though_it_replies_to_us() -> None:
    async with telegram_side() as side:
        group = side.telegram.supergroup("Family", side.ann)
        side.ann.say("@threadline_bot hello", group)
        await side.telegram.until(lambda: group.answers)
        side.ann.say("/new@another_bot", group, reply_to=group.answers[0])
        side.ann.say("thank you", group, reply_to=group.answers[0])
        await side.telegram.until(lambda: len(group.answers) == 2)
        assert side.bot.texts == ["hello", "thank you"]
