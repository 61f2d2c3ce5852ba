"""Waiting until a thread of the agent is free for a text, or for whoever changes its past."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.lanes import Lanes
from sessions.approval_records import ApprovalRecords
from sessions.news import News


@asynccontextmanager
async def at_rest(
    thread_id: str, lanes: Lanes, records: ApprovalRecords, news: News
) -> AsyncIterator[None]:
    """Own a thread in which nothing is decided that has still to be carried out.

    Between a decision and its carrying out the thread is free for a moment; a text that came in
    there would answer the open calls as not run.
    """
    with news.listening(thread_id) as ended:
        while True:
            ended.clear()
            async with lanes.exclusive(thread_id):
                if not await records.unfinished(thread_id=thread_id):
                    yield
                    return
            await ended.wait()
