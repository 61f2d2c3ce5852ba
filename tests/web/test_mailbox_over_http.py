"""Asking later: what became of a message, and what the bot said meanwhile."""

from adapters.api import StoredMessage
from adapters.contract import Address, Answer, Reply
from tests.web.scripted import NOW, Side, served

ME = Address("api", "test_123", "test_123")


def script(_: object) -> list[Reply]:
    return [Answer("a1", "Yes")]


def keep(side: Side, message: StoredMessage) -> None:
    side.kept.messages[message.id] = message


async def test_an_unanswered_message_has_no_reply_yet_and_an_answered_one_has() -> None:
    async with served(script) as side:
        keep(side, StoredMessage("m1", ME, "user", "Hi", "running", NOW, 1, "s1", "t1"))
        body = (await side.client.get("/api/messages/m1")).json()
        assert body["state"] == "running"
        assert body["reply"] is None
        keep(side, StoredMessage("m1", ME, "user", "Hi", "answered", NOW, 1, "s1", "t1"))
        keep(
            side,
            StoredMessage(
                "a1", ME, "assistant", "Hello!", "written", NOW, 2, "s1", "t1", answers="m1"
            ),
        )
        body = (await side.client.get("/api/messages/m1")).json()
        assert body["state"] == "answered"
        assert body["reply"] == "Hello!"
        assert body["answer_id"] == "a1"


async def test_an_unknown_message_is_a_404() -> None:
    async with served(script) as side:
        assert (await side.client.get("/api/messages/nothing")).status_code == 404


async def test_the_mailbox_is_read_in_pages_from_where_one_was() -> None:
    async with served(script) as side:
        for n in range(1, 6):
            keep(side, StoredMessage(f"a{n}", ME, "assistant", f"No. {n}", "written", NOW, n))
        first = (await side.client.get("/api/messages?user_id=test_123&limit=2")).json()
        assert [item["text"] for item in first["items"]] == ["No. 1", "No. 2"]
        assert first["next"] == 2
        rest = (await side.client.get("/api/messages?user_id=test_123&after=2")).json()
        assert [item["number"] for item in rest["items"]] == [3, 4, 5]
        assert rest["next"] is None


async def test_a_mailbox_needs_a_person_and_a_sensible_page() -> None:
    async with served(script) as side:
        for query in (
            "",
            "?user_id=",
            "?user_id=a%20b",
            "?user_id=a&limit=0",
            "?user_id=a&limit=201",
            "?user_id=a&after=-1",
            "?user_id=a&after=x",
            f"?user_id=a&after={2**63}",
        ):
            response = await side.client.get(f"/api/messages{query}")
            assert response.status_code == 422, query
            assert response.headers["content-type"] == "application/problem+json"


async def test_the_documentation_page_needs_nothing_from_elsewhere() -> None:
    async with served(script) as side:
        response = await side.client.get("/docs")
        assert response.headers["content-type"].startswith("text/html")
        for text in ("/api/chat", "/api/approvals/{approval_id}", "operator", "ChatAnswer"):
            assert text in response.text
        assert "<script" not in response.text
        assert "https://" not in response.text
        assert "default-src 'none'" in response.headers["content-security-policy"]
