"""Running on an event loop."""

from __future__ import annotations

import asyncio
import sys

import pytest
import uvloop

from fastpath import aio


def test_uvloop_is_used_where_it_is_installed() -> None:
    async def main() -> object:
        return asyncio.get_running_loop()

    assert isinstance(aio.run(main()), uvloop.Loop)


def test_asyncio_is_used_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = aio.new_event_loop()
    assert not isinstance(loop, uvloop.Loop)
    loop.close()


def test_what_the_coroutine_raises_comes_out() -> None:
    async def main() -> None:
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        aio.run(main())


def test_tasks_that_are_left_are_cancelled() -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("forever")

    async def main() -> asyncio.Task[None]:
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        return task

    assert aio.run(main()).cancelled()
    assert ended == ["forever"]
