"""What is replaced in Faust: it must do what it replaces, only sooner. The effects are tested on a broker."""

import asyncio
from collections import defaultdict

import pytest
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka

from stream_app.adapters import faust_driver
from stream_app.adapters.faust_driver import _Consumer, _go_on, faust_app
from stream_app.settings import Settings


class Waiting(_Consumer):
    """A consumer that only waits."""

    def __init__(self):
        self.slow = 0

    async def super_wait_first(self, *coros):
        self.slow += 1
        results = [await coro for coro in coros[:1]]
        for coro in coros[1:]:
            coro.close()
        return results


async def at_once():
    return 7


async def after(future):
    return await future


def test_what_is_done_at_once_makes_no_task_and_closes_the_rest(monkeypatch):
    async def forever():
        await asyncio.Event().wait()

    async def run():
        other = forever()
        found = await Waiting().wait_first(at_once(), other)
        assert (found.results, found.stopped) == ([7], False)
        assert other.cr_running is False
        assert other.cr_frame is None
        assert len(asyncio.all_tasks()) == 1

    monkeypatch.setattr(Consumer, "wait_first", None, raising=False)
    asyncio.run(run())


def test_what_has_to_wait_is_handed_to_faust_and_goes_on_where_it_was(monkeypatch):
    async def wait_first(self, *coros, timeout=None):  # noqa: ASYNC109 - Faust's name
        return await self.super_wait_first(*coros)

    monkeypatch.setattr(aiokafka.Consumer, "wait_first", wait_first, raising=False)

    async def run():
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.01, future.set_result, 9)
        consumer = Waiting()
        assert await consumer.wait_first(after(future), at_once()) == [9]
        assert consumer.slow == 1

    asyncio.run(run())


@pytest.mark.parametrize("as_task", [True, False])
def test_a_begun_coroutine_keeps_its_result_and_its_exception(as_task):
    async def run(outcome):
        future = asyncio.get_running_loop().create_future()
        begun = after(future)
        rest = _go_on(begun, begun.send(None))
        waiting = asyncio.ensure_future(rest) if as_task else rest
        settle = future.set_exception if isinstance(outcome, Exception) else future.set_result
        asyncio.get_running_loop().call_later(0.01, settle, outcome)
        return await waiting

    assert asyncio.run(run(5)) == 5
    with pytest.raises(ZeroDivisionError):
        asyncio.run(run(ZeroDivisionError()))


def test_a_begun_coroutine_can_be_cancelled():
    seen = []

    async def told(future):
        try:
            await future
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def run():
        begun = told(asyncio.get_running_loop().create_future())
        task = asyncio.ensure_future(_go_on(begun, begun.send(None)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert seen == ["cancelled"]


def test_offsets_that_were_never_messages_are_committed_over():
    consumer = Waiting()
    consumer._acked, consumer._acked_index, consumer._gap = defaultdict(list), defaultdict(set), {"tp": object()}
    assert consumer._new_offset("tp") is None
    consumer._acked["tp"] = [3, 4, 9]
    consumer._acked_index["tp"] = {3, 4, 9}
    assert consumer._new_offset("tp") == 10
    assert (consumer._acked["tp"], consumer._acked_index["tp"], consumer._gap) == ([], set(), {})
    assert consumer._new_offset("tp") is None


def test_the_app_is_set_up_as_it_was_measured(tmp_path):
    app = faust_app(Settings(data_dir=tmp_path))
    assert isinstance(app.transport, faust_driver._Transport)
    assert aiokafka.RoundRobinPartitionAssignor is RangePartitionAssignor
    assert app.conf.stream_wait_empty
    assert not app.conf.topic_allow_declare
    assert app.conf.broker_max_poll_interval == 86_400
    assert app.conf.consumer_auto_offset_reset == "earliest"
