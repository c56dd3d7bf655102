"""Events and alarms (OPC 10000-9), as far as asyncua carries them.

Objects Events and Alarms are event notifiers, as is Server; each event is sent from its source and from Server.
PlantEventType    under BaseEventType, in the namespace TYPES: fields Machine (String), Level (Double), Code (Int32)
Alarms/NAME       one ExclusiveLevelAlarmType instance for each name of `alarms` (default Level, Pressure): an object node, which is the
                  ConditionId; Acknowledge, Confirm, AddComment, Enable, Disable and ConditionRefresh work, and each is told as
                  {"event": "condition", "method", "alarm", "user"?, "comment", "result"}.

What asyncua cannot: no shelving, suppression or branches; the state variables under the alarm object do not follow; OfType in a where
clause compares the type itself, without its subtypes; Like and bitwise operators are missing; a select clause is resolved by name alone.
"""
import uuid

from asyncua import ua
from asyncua.server.event_generator import EventGenerator

from .values import from_json, now, say, status_name

IDS = ua.ObjectIds
KINDS = ua.VariantType
FIELDS = {"Machine": KINDS.String, "Level": KINDS.Double, "Code": KINDS.Int32}
METHODS = {
    "Acknowledge": IDS.AcknowledgeableConditionType_Acknowledge,
    "Confirm": IDS.AcknowledgeableConditionType_Confirm,
    "AddComment": IDS.ConditionType_AddComment,
    "Enable": IDS.ConditionType_Enable,
    "Disable": IDS.ConditionType_Disable,
}


class Events:
    def __init__(self, plant):
        self.plant = plant
        self.alarms = {}

    async def build(self, names):
        server, index, types = self.plant.server, self.plant.index, self.plant.types
        objects = server.nodes.objects
        self.source = await objects.add_object(self.plant.id("Events"), ua.QualifiedName("Events", index))
        self.place = await objects.add_object(self.plant.id("Alarms"), ua.QualifiedName("Alarms", index))
        for node in (self.source, self.place, server.nodes.server):
            await node.set_event_notifier([ua.EventNotifier.SubscribeToEvents])
            if node is not server.nodes.server:
                await server.nodes.server.add_reference(node, IDS.HasNotifier)
        base = server.get_node(ua.NodeId(IDS.BaseEventType))
        self.plant_event = await base.add_object_type(ua.NodeId("PlantEventType", types), ua.QualifiedName("PlantEventType", types))
        for name, kind in FIELDS.items():
            at = ua.NodeId(f"PlantEventType/{name}", types), ua.QualifiedName(name, types)
            await self.plant_event.add_property(*at, ua.get_default_value(kind), varianttype=kind)
        for name in names:
            self.alarms[name] = await self._alarm(name)
        for name, method in METHODS.items():
            server.iserver.isession.add_method_callback(ua.NodeId(method), self._method(name))

    async def _alarm(self, name):
        node = await self.place.add_object(
            self.plant.id(f"Alarms/{name}"), ua.QualifiedName(name, self.plant.index), IDS.ExclusiveLevelAlarmType, False
        )
        generator = EventGenerator(self.plant.server.iserver.isession)
        await generator.init(IDS.ExclusiveLevelAlarmType, emitting_node=self.place, add_generates_event=False)
        event = generator.event
        event.add_property("NodeId", node.nodeid, KINDS.NodeId)
        event.SourceNode, event.SourceName = self.place.nodeid, name
        event.ConditionName, event.ConditionClassId = name, ua.NodeId(IDS.ProcessConditionClassType)
        event.ConditionClassName = ua.LocalizedText("ProcessConditionClassType")
        event.BranchId, event.Retain, event.Severity = ua.NodeId(), False, 500
        event.Quality, event.Comment, event.ClientUserId = ua.StatusCode(), ua.LocalizedText(""), ""
        event.HighLimit, event.HighHighLimit = 80.0, 95.0
        self._state(event, enabled=True, active=False, acked=True, confirmed=True)
        return event

    @staticmethod
    def _state(event, **states):
        words = {
            "enabled": ("EnabledState", "Enabled", "Disabled"),
            "active": ("ActiveState", "Active", "Inactive"),
            "acked": ("AckedState", "Acknowledged", "Unacknowledged"),
            "confirmed": ("ConfirmedState", "Confirmed", "Unconfirmed"),
        }
        for key, on in states.items():
            field, yes, no = words[key]
            setattr(event, field, ua.LocalizedText(yes if on else no, "en"))
            setattr(event, f"{field}/Id", on)

    @staticmethod
    def state(event):
        names = {"enabled": "EnabledState", "active": "ActiveState", "acked": "AckedState", "confirmed": "ConfirmedState"}
        return {key: getattr(event, f"{field}/Id") for key, field in names.items()} | {"comment": event.Comment.Text}

    async def fire(self, kind="base", message="", severity=500, fields=None, time=None, source=None, times=1):
        """A BaseEventType, SystemEventType or PlantEventType event; its source is `source`, else Events. Answers with its EventId."""
        types = {"base": IDS.BaseEventType, "system": IDS.SystemEventType, "plant": self.plant_event}
        emitter = self.source if source is None else self.plant.node(source)
        generator = EventGenerator(self.plant.server.iserver.isession)
        await generator.init(types[kind], emitting_node=emitter, add_generates_event=False)
        event = generator.event
        event.Message, event.Severity = ua.LocalizedText(message, "en"), severity
        for name, value in (fields or {}).items():
            setattr(event, name, from_json(value, FIELDS[name].name).Value)
        for _ in range(times):
            await self._send(event, time)
        return {"eventId": event.EventId.hex()}

    async def alarm(self, name, active=None, severity=None, message=None, time=None):
        """Raises or ends an alarm: it must be acknowledged again when it is raised, and is retained until all is settled."""
        event = self.alarms[name]
        if active is not None:
            self._state(event, active=active)
            if active:
                self._state(event, acked=False, confirmed=False)
        event.Severity = event.Severity if severity is None else severity
        event.Message = ua.LocalizedText(message or f"{name} {'high' if active else 'back to normal'}", "en")
        await self._changed(event, time)
        return {"eventId": event.EventId.hex(), "conditionId": event.NodeId.to_string(), **self.state(event)}

    async def _changed(self, event, time=None):
        state = self.state(event)
        event.Retain = state["enabled"] and (state["active"] or not state["acked"] or not state["confirmed"])
        await self._send(event, time)

    async def _send(self, event, time):
        event.EventId = uuid.uuid4().bytes
        event.Time = time or now()
        event.ReceiveTime = now()
        source = event.emitting_node
        service = self.plant.server.iserver.subscription_service
        for node in dict.fromkeys([source, ua.NodeId(IDS.Server)]):
            event.emitting_node = node
            await service.trigger_event(event)
        event.emitting_node = source

    def _method(self, name):
        async def call(parent, *arguments):
            found = [event for event in self.alarms.values() if event.NodeId == parent]
            comment = next((one.Value.Text for one in arguments if isinstance(one.Value, ua.LocalizedText)), None)
            code = await self._settle(name, found[0], arguments, comment) if found else ua.StatusCodes.BadNodeIdUnknown
            alarm = found[0].ConditionName if found else parent.to_string()
            say({"event": "condition", "method": name, "alarm": alarm, "comment": comment, "result": status_name(code)})
            return ua.StatusCode(code)

        return call

    async def _settle(self, name, event, arguments, comment):
        codes = ua.StatusCodes
        state = self.state(event)
        if name in ("Enable", "Disable"):
            if state["enabled"] == (name == "Enable"):
                return codes.BadConditionAlreadyEnabled if name == "Enable" else codes.BadConditionAlreadyDisabled
            self._state(event, enabled=name == "Enable")
        elif arguments[0].Value != event.EventId:
            return codes.BadEventIdUnknown
        elif name == "Acknowledge" and state["acked"]:
            return codes.BadConditionBranchAlreadyAcked
        elif name == "Confirm" and state["confirmed"]:
            return codes.BadConditionBranchAlreadyConfirmed
        if name == "Acknowledge":
            self._state(event, acked=True)
        if name == "Confirm":
            self._state(event, confirmed=True)
        if comment:
            event.Comment = ua.LocalizedText(comment, "en")
        await self._changed(event)
        return codes.Good
