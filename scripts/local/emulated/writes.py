"""Who writes to a stream rings for those that follow it. They need not ask all the time, then."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

PATH = "/_local/writes"
STILL_THERE_SECONDS = 10.0  # then comes an empty line: it is quiet, and not dead


@dataclass(eq=False)
class _Listener:
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    streams: set[str] = field(default_factory=set)

    def hear(self, stream: str) -> None:
        self.streams.add(stream)
        self.heard.set()

    async def line(self) -> bytes:
        try:
            await asyncio.wait_for(self.heard.wait(), STILL_THERE_SECONDS)
        except TimeoutError:
            return b"\n"
        self.heard.clear()
        told, self.streams = sorted(self.streams), set()
        return json.dumps(told).encode() + b"\n"


class Writes:
    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()

    def note(self, stream: str) -> None:
        """`stream` has a new record, which can be read by now. In any thread."""
        for listener in list(self._listeners):
            listener.loop.call_soon_threadsafe(listener.hear, stream)

    async def lines(self) -> AsyncGenerator[bytes, None]:
        """The ARNs of the streams that were written to since the line before, without an end. The
        first line comes at once: what is written from then on is told.
        """
        listener = _Listener()
        self._listeners.add(listener)
        try:
            yield b"[]\n"
            while True:
                yield await listener.line()
        finally:
            self._listeners.discard(listener)
