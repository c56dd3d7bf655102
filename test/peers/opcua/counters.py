"""N nodes that all change every tick. A value is count * 100000 + the node's own number: whoever has the values of one node can tell
how many ticks are missing between two of them, and that no value stands under another node's name. Source and server time are those
of the tick, moved by the skew that a test asked for. A tick that comes late is not left out: the count never jumps.
"""
import asyncio
import time
from datetime import timedelta

from asyncua import ua

from .values import now

WIDTH = 100_000


class Counters:
    def __init__(self, plant, kind="Double"):
        self.plant = plant
        self.kind = ua.VariantType[kind]
        self.count = 0
        self.running = True
        self.skew_ms = 0
        self.status = ua.StatusCode()
        self.attributes = []
        self._task = None

    async def build(self, number):
        aspace = self.plant.server.iserver.aspace
        variants = {str(at): ua.Variant(self._value(at), self.kind) for at in range(number)}
        for node in await self.plant.many("Counters", variants):
            self.attributes.append(aspace[node.nodeid].attributes[ua.AttributeIds.Value])
        await self.tick()

    def _value(self, at):
        value = self.count * WIDTH + at
        return float(value) if self.kind in (ua.VariantType.Double, ua.VariantType.Float) else value

    def start(self, interval_ms):
        self._task = asyncio.create_task(self._run(interval_ms / 1000))

    async def _run(self, interval):
        due = time.monotonic() + interval
        while True:
            await asyncio.sleep(max(0, due - time.monotonic()))
            due += interval
            if self.running:
                self.count += 1
                await self.tick()

    async def tick(self):
        """Writes past the checks of the server: at 10,000 nodes a second they would be most of the work."""
        moment = now() + timedelta(milliseconds=self.skew_ms)
        for at, attribute in enumerate(self.attributes):
            variant = ua.Variant(self._value(at), self.kind)
            value = ua.DataValue(variant, self.status, SourceTimestamp=moment, ServerTimestamp=moment)
            attribute.value = value
            for handle, callback in list(attribute.datachange_callbacks.items()):
                await callback(handle, value)
