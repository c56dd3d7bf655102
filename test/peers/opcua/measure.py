"""What opcua-client.py measures: notifications counted against the values themselves, and the rate of batched reads."""
import asyncio
import os
import time

from asyncua import ua

from .counters import WIDTH


def cpu():
    used = os.times()
    return used.user + used.system


class Judge:
    """Takes the values of counter nodes and tells what is missing. `numbers`: node id → the node's own number."""

    def __init__(self, numbers):
        self.numbers = numbers
        self.last = {}
        self.received = self.missed = self.wrong = self.repeated = 0
        self.lag = 0.0

    def take(self, nodeid, value, source):
        self.received += 1
        count, number = divmod(int(value), WIDTH)
        if number != self.numbers[nodeid]:
            self.wrong += 1
            return
        before = self.last.get(nodeid)
        self.last[nodeid] = count
        if before is not None:
            self.missed += max(0, count - before - 1)
            self.repeated += count <= before
        if source is not None:
            self.lag = max(self.lag, time.time() - source.timestamp())

    def datachange_notification(self, node, value, data):
        self.take(node.nodeid, value, data.monitored_item.Value.SourceTimestamp)


class Measure:
    async def do_verify(self, nodes, publishingMs=1000, queue=10, seconds=10, perCall=1000, raw=False):
        found = [self.node(text) for text in nodes]
        judge = Judge({node.nodeid: int(text.rpartition("/")[2]) for node, text in zip(found, nodes, strict=True)})
        parameters = ua.CreateSubscriptionParameters(publishingMs, 10_000, 10, 0, True, 0)
        made = await self.client.create_subscription(parameters, judge)
        if raw:
            take_raw(self.client, made, judge)
        for at in range(0, len(found), perCall):
            results = await made.subscribe_data_change(found[at : at + perCall], queuesize=queue, sampling_interval=publishingMs)
            refused = [one for one in results if not isinstance(one, int)]
            if refused:
                raise RuntimeError(f"{len(refused)} items were refused, the first with {refused[0]}")
        before, began = cpu(), time.monotonic()
        judge.received, judge.lag = 0, 0.0
        await asyncio.sleep(seconds)
        took, used = time.monotonic() - began, cpu() - before
        answer = {
            "received": judge.received,
            "missed": judge.missed,
            "wrong": judge.wrong,
            "repeated": judge.repeated,
            "silent": len(found) - len(judge.last),
            "first": min(judge.last.values(), default=None),
            "last": max(judge.last.values(), default=None),
            "seconds": took,
            "cpuS": used,
            "lagMs": round(judge.lag * 1000),
        }
        await made.delete()
        return answer

    async def do_readRate(self, nodes, batch=1000, seconds=5):
        found = [self.node(text) for text in nodes]
        batches = [found[at : at + batch] for at in range(0, len(found), batch)]
        before, began, values, bad = cpu(), time.monotonic(), 0, 0
        while time.monotonic() - began < seconds:
            for part in batches:
                results = await self.client.read_attributes(part)
                values += len(results)
                bad += sum(1 for one in results if not one.StatusCode.is_good())
        took = time.monotonic() - began
        return {"values": values, "bad": bad, "seconds": took, "perSecond": values / took, "cpuS": cpu() - before}


def take_raw(client, subscription, judge):
    """Notifications straight from the publish response: without a task for each, which asyncua's handlers get."""

    async def take(result):
        for notification in result.NotificationMessage.NotificationData or []:
            for item in notification.MonitoredItems:
                node = subscription._monitored_items[item.ClientHandle].node
                judge.take(node.nodeid, item.Value.Value.Value, item.Value.SourceTimestamp)

    client.uaclient.session._subscription_callbacks[subscription.subscription_id] = take
