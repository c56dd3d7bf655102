"""Nodes with HistoricalAccess (OPC 10000-11): the values lie in the memory of asyncua's own history.

History/Level    `history.values` values (default 1000), one each `history.periodMs` (default 1000), the last one now; the value is its
                 number from 0 on, and every hundredth is UncertainLastUsableValue.
History/Live     what the node has been set to since the start (command `set`).
asyncua answers with at most `history.maxPerReply` values (default 10,000) and a continuation point that is a time; it knows neither
processed nor modified nor at-time reads (BadNotImplemented), and no update of history.
"""
from datetime import timedelta

from asyncua import ua

from .values import now


async def build(plant, options):
    manager = plant.server.iserver.history_manager
    storage = manager.storage
    storage.max_history_data_response_size = options.get("maxPerReply", 10_000)
    level = await plant.variable("History/Level", ua.Variant(0.0, ua.VariantType.Double))
    number, period = options.get("values", 1000), options.get("periodMs", 1000)
    end = now()
    values = []
    for at in range(number):
        time = end - timedelta(milliseconds=period * (number - 1 - at))
        code = ua.StatusCodes.UncertainLastUsableValue if at % 100 == 99 else ua.StatusCodes.Good
        variant = ua.Variant(float(at), ua.VariantType.Double)
        values.append(ua.DataValue(variant, ua.StatusCode(code), SourceTimestamp=time, ServerTimestamp=time))
    if values:
        await level.write_value(values[-1])
    await historical(level)
    await storage.new_historized_node(level.nodeid, None)
    storage._datachanges[level.nodeid] = values
    live = await plant.variable("History/Live", ua.Variant(0.0, ua.VariantType.Double), writable=True)
    await plant.server.historize_node_data_change(live)


async def historical(node):
    await node.write_attribute(ua.AttributeIds.Historizing, ua.DataValue(True))
    await node.set_attr_bit(ua.AttributeIds.AccessLevel, ua.AccessLevel.HistoryRead)
    await node.set_attr_bit(ua.AttributeIds.UserAccessLevel, ua.AccessLevel.HistoryRead)
