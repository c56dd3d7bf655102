"""The commands of opcua-server.py. A node is named by its name in the plant ("Scalars/Int32") or by a node id.

get {node}                                       → {value, type, status, code, sourceTime, serverTime}
set {node, value, type, status, sourceTime, serverTime}   what is left out stays; a time left out is now; null is "none"
setMany {nodes, values, type}                    one value each, in one go
add {node, value, type, writable}                a variable, with the folders above it; remove {node}
describe {node, text} · rename {node, text}      Description and DisplayName
link {from, to}                                  one more Organizes reference, which may close a circle
structure {node, fields}                         fields of a structure are set to other values
counters {running, skewMs, status}  → {count}    stops and starts the counting, moves its timestamps, gives it another status
fire {kind, message, severity, fields, time, source, times} · alarm {name, active, severity, message} · see events.py
sessions → {connections, sessions, subscriptions, items} · who → [{policy, mode, user}] of each session
limits {"MaxNodesPerRead": n}                    shown and kept; 0 is none
fault {rule} · clear                             see faults.py
publishing {mode, gap, forget} → {lost}          see faults.py
drop {forget}                                    resets every connection; with `forget` sessions and subscriptions are gone too
stop · start                                     stops listening and forgets all sessions; listens again on the same port
state {state}                                    ServerStatus/State, as "Running", "Shutdown", "Failed"; also secondsTillShutdown
freeze {ms}                                      the whole program stands still for that time, after the answer
ping                                             → {}
"""
import asyncio
import dataclasses
import time

from asyncua import ua

from .lines import Lines
from .values import data_value, from_json, from_time, now, status

IDS = ua.ObjectIds
LIMITS = "Server_ServerCapabilities_OperationLimits_"


class Steering(Lines):
    def __init__(self, plant, counters, events, faults):
        self.plant = plant
        self.server = plant.server
        self.counters_ = counters
        self.events = events
        self.faults = faults

    async def do_ping(self):
        return {}

    async def do_get(self, node):
        return data_value(self._value(self.plant.node(node)))

    def _value(self, node):
        return self.server.read_attribute_value(node.nodeid)

    async def do_set(self, node, **change):
        """Also what a client may not write: a status, a time, another type than the node has."""
        await self._set(self.plant.node(node), change)
        return {}

    async def do_setMany(self, nodes, values, type):
        for node, value in zip(nodes, values, strict=True):
            await self._set(self.plant.node(node), {"value": value, "type": type})
        return {}

    async def _set(self, node, change):
        old = self._value(node)
        variant = old.Value
        if "value" in change:
            variant = from_json(change["value"], change.get("type") or variant.VariantType.name)
        code = status(change["status"]) if "status" in change else ua.StatusCode()
        source = from_time(change["sourceTime"]) if "sourceTime" in change else now()
        server = from_time(change["serverTime"]) if "serverTime" in change else now()
        await self._store(node.nodeid, ua.DataValue(variant, code, SourceTimestamp=source, ServerTimestamp=server))

    async def _store(self, nodeid, value):
        """Past asyncua's checks, which would take the value of a bad status away and refuse another type."""
        attribute = self.server.iserver.aspace[nodeid].attributes[ua.AttributeIds.Value]
        attribute.value = value
        for handle, callback in list(attribute.datachange_callbacks.items()):
            await callback(handle, value)

    async def do_structure(self, node, fields):
        """Numbers, texts and booleans of a structure; a name with a dot goes into a structure within."""
        found = self.plant.node(node)
        made = deep_copy(self._value(found).Value.Value)
        for name, value in fields.items():
            *way, last = name.split(".")
            holder = made
            for step in way:
                holder = getattr(holder, step)
            setattr(holder, last, value)
        variant = ua.Variant(made, ua.VariantType.ExtensionObject)
        await self._store(found.nodeid, ua.DataValue(variant, SourceTimestamp=now(), ServerTimestamp=now()))
        return {}

    async def do_add(self, node, value, type, writable=False):
        made = await self.plant.variable(node, from_json(value, type), writable=writable)
        return {"node": made.nodeid.to_string()}

    async def do_remove(self, node):
        found = self.plant.node(node)
        await self.server.delete_nodes([found])
        self.plant.folders.pop(node, None)
        return {}

    async def do_describe(self, node, text):
        await self.plant.node(node).write_attribute(ua.AttributeIds.Description, ua.DataValue(ua.LocalizedText(text, "en")))

    async def do_rename(self, node, text):
        await self.plant.node(node).write_attribute(ua.AttributeIds.DisplayName, ua.DataValue(ua.LocalizedText(text, "en")))

    async def do_link(self, to, **details):
        target = self.plant.node(to).nodeid
        await self.plant.node(details["from"]).add_reference(target, IDS.Organizes, forward=True, bidirectional=False)

    async def do_counters(self, running=None, skewMs=None, status=None):
        counters = self.counters_
        counters.running = counters.running if running is None else running
        counters.skew_ms = counters.skew_ms if skewMs is None else skewMs
        if status is not None:
            counters.status = globals()["status"](status)
        return {"count": counters.count}

    async def do_fire(self, time=None, **event):
        return await self.events.fire(**event, time=from_time(time))

    async def do_alarm(self, time=None, **event):
        return await self.events.alarm(**event, time=from_time(time))

    async def do_sessions(self):
        internal = self.server.iserver
        own = internal._external_sessions.values()
        ids = {session.session_id for session in own}
        theirs = [one for one in internal.subscription_service.subscriptions.values() if one.session_id in ids]
        items = sum(len(one.monitored_item_srv._monitored_items) for one in theirs)
        active = sum(1 for session in own if session.is_activated())
        return {"connections": len(self.server.bserver.clients), "sessions": active, "subscriptions": len(theirs), "items": items}

    async def do_who(self):
        found = [client.processor for client in self.server.bserver.clients if client.processor.session is not None]
        policies = [one._connection.security_policy for one in found]
        return [
            {"policy": policy.URI.rpartition("#")[2], "mode": ua.MessageSecurityMode(policy.Mode).name.rstrip("_"), "user": one.session.user.name}
            for one, policy in zip(found, policies, strict=True)
        ]

    async def do_limits(self, **limits):
        await self.set_limits(limits)

    async def set_limits(self, limits):
        for name, most in limits.items():
            node = self.server.get_node(ua.NodeId(getattr(IDS, LIMITS + name)))
            await node.write_value(ua.Variant(most, ua.VariantType.UInt32))
        self.faults.limits.update(limits)

    async def do_fault(self, **rule):
        self.faults.add(rule)

    async def do_clear(self):
        self.faults.rules.clear()

    async def do_publishing(self, mode=None, gap=None, forget=False):
        self.faults.publishing = mode or self.faults.publishing
        self.faults.gap = self.faults.gap if gap is None else gap
        self.faults.forget = forget
        return {"lost": self.faults.lost}

    async def do_drop(self, forget=False):
        transports = list(self.server.iserver.asyncio_transports)
        for transport in transports:
            transport.abort()
        if forget:
            await self._forget()
        return {"dropped": len(transports)}

    async def _forget(self):
        for session in list(self.server.iserver._external_sessions.values()):
            await session.close_session(True)

    async def do_stop(self):
        await self.server.bserver.stop()
        await self._forget()

    async def do_start(self):
        await self.server.bserver.start()

    async def do_state(self, state, secondsTillShutdown=0):
        found = self.server.get_node(ua.NodeId(IDS.Server_ServerStatus))
        made = dataclasses.replace(await found.read_value())
        made.State, made.SecondsTillShutdown = ua.ServerState[state], secondsTillShutdown
        await found.write_value(made)
        await self.server.get_node(ua.NodeId(IDS.Server_ServerStatus_State)).write_value(made.State, ua.VariantType.Int32)

    async def do_freeze(self, ms):
        asyncio.get_running_loop().call_later(0.01, time.sleep, ms / 1000)


def deep_copy(made):
    if not dataclasses.is_dataclass(made):
        return [deep_copy(one) for one in made] if isinstance(made, list) else made
    return dataclasses.replace(made, **{field.name: deep_copy(getattr(made, field.name)) for field in dataclasses.fields(made)})
