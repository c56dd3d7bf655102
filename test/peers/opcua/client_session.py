"""The commands of opcua-client.py, except those that measure (see measure.py)."""
import hashlib

from asyncua import Client, ua
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties, load_certificate, load_private_key

from .lines import Lines
from .measure import Measure
from .values import data_value, from_json, from_time, say, status, status_name, to_json

POLICIES = {
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256_Sha256_RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
}


class ClientSession(Lines, Measure):
    def __init__(self, settings):
        self.settings = settings
        self.client = None
        self.subscriptions = []
        self.values = []
        self.statuses = []
        self.messages = []
        self.uris = []

    def _make(self):
        patience = self.settings.get("timeoutMs", 5000) / 1000
        # By itself it gives a connection up that has no answer to spare within a second: a server busy with 10,000 items has none.
        client = Client(self.settings["url"], timeout=patience, watchdog_intervall=patience)
        client.application_uri = self.settings.get("applicationUri", "urn:bifrost:test:client")
        client.name = "asyncua of the tests"
        return client

    async def do_connect(self):
        settings = self.settings
        self.client = client = self._make()
        policy, _, mode = settings.get("policy", "None").partition("/")
        if policy != "None":
            files = CertProperties(settings["certificate"], "pem"), CertProperties(settings["key"], "pem")
            server = CertProperties(settings["serverCertificate"], "pem") if "serverCertificate" in settings else None
            await client.set_security(POLICIES[policy], *files, server_certificate=server, mode=ua.MessageSecurityMode[mode])
        if "user" in settings:
            client.set_user(settings["user"])
            client.set_password(settings["password"])
        if "userCertificate" in settings:
            client.user_certificate = await load_certificate(settings["userCertificate"], "pem")
            client.user_private_key = await load_private_key(settings["userKey"], None, "pem")
        await client.connect()
        self.uris = await client.get_namespace_array()
        try:
            await client.load_data_type_definitions()
        except ua.UaError as error:
            # Structures then stay bytes; a server with narrow limits is still a server.
            say({"event": "untyped", "error": f"{type(error).__name__}: {error}"})

    async def do_disconnect(self):
        if self.client is not None:
            await self.client.disconnect()
        self.client = None

    async def do_endpoints(self):
        found = await self._make().connect_and_get_server_endpoints()
        return [
            {
                "url": one.EndpointUrl,
                "policy": one.SecurityPolicyUri.rpartition("#")[2],
                "mode": one.SecurityMode.name.rstrip("_"),
                "tokens": [{"kind": token.TokenType.name, "policy": (token.SecurityPolicyUri or "").rpartition("#")[2]} for token in one.UserIdentityTokens],
                "level": one.SecurityLevel,
                "applicationUri": one.Server.ApplicationUri,
                "certificate": hashlib.sha1(one.ServerCertificate).hexdigest() if one.ServerCertificate else None,
            }
            for one in found
        ]

    async def do_servers(self):
        found = await self._make().connect_and_find_servers()
        return [
            {"uri": one.ApplicationUri, "name": one.ApplicationName.Text, "type": one.ApplicationType.name, "urls": one.DiscoveryUrls}
            for one in found
        ]

    async def do_namespaces(self):
        return self.uris

    def node(self, text):
        if text.startswith("nsu="):
            uri, rest = text[4:].split(";", 1)
            text = f"ns={self.uris.index(uri)};{rest}"
        return self.client.get_node(ua.NodeId.from_string(text))

    async def do_browse(self, node="i=85", depth=2, max=10_000):
        seen = {}
        root = self.node(node)
        tree = {"id": root.nodeid.to_string(), "children": []}
        level = [(root, tree)]
        seen[root.nodeid] = True
        for _ in range(depth):
            below = []
            for parent, entry in level:
                entry["children"] = []
                for found in await parent.get_references(ua.ObjectIds.HierarchicalReferences, ua.BrowseDirection.Forward):
                    child = await self._describe(found)
                    entry["children"].append(child)
                    if found.NodeId not in seen and len(seen) < max:
                        seen[found.NodeId] = True
                        below.append((self.client.get_node(found.NodeId), child))
            level = below
        return {"nodes": len(seen), "tree": tree}

    async def _describe(self, found):
        entry = {
            "id": found.NodeId.to_string(),
            "name": found.BrowseName.to_string(),
            "display": found.DisplayName.Text,
            "class": ua.NodeClass(found.NodeClass).name,
            "type": found.TypeDefinition.to_string(),
            "reference": found.ReferenceTypeId.to_string(),
        }
        if found.NodeClass == ua.NodeClass.Variable:
            node = self.client.get_node(found.NodeId)
            kinds = (ua.AttributeIds.DataType, ua.AttributeIds.Description, ua.AttributeIds.AccessLevel)
            data_type, description, access = [to_json(one.Value) for one in await node.read_attributes(kinds)]
            entry |= {"dataType": data_type, "access": access}
            if isinstance(description, dict) and description["text"]:
                entry["description"] = description["text"]
        return entry

    async def do_read(self, nodes, attribute="Value"):
        found = [self.node(text) for text in nodes]
        results = await self.client.read_attributes(found, ua.AttributeIds[attribute])
        return [data_value(one) for one in results]

    async def do_write(self, node, value, type, status=None, sourceTime=None, serverTime=None):
        dv = ua.DataValue(from_json(value, type), StatusCode=None)
        if status is not None:
            dv.StatusCode = globals()["status"](status)
        dv.SourceTimestamp, dv.ServerTimestamp = from_time(sourceTime), from_time(serverTime)
        item = ua.WriteValue(self.node(node).nodeid, ua.AttributeIds.Value, Value=dv)
        results = await self.client.uaclient.session.write(ua.WriteParameters([item]))
        return {"status": status_name(results[0].value), "code": results[0].value}

    async def do_call(self, object, method, arguments=()):
        request = ua.CallMethodRequest(self.node(object).nodeid, self.node(method).nodeid)
        request.InputArguments = [from_json(one["value"], one["type"]) for one in arguments]
        result = (await self.client.uaclient.session.call([request]))[0]
        return {
            "status": status_name(result.StatusCode.value),
            "code": result.StatusCode.value,
            "outputs": [to_json(one) for one in result.OutputArguments or []],
            "argumentResults": [status_name(one.value) for one in result.InputArgumentResults or []],
        }

    async def do_history(self, node, **between):
        """All there is between two times, whatever a reply holds at most; with `bounds` the values at both ends too."""
        details = ua.ReadRawModifiedDetails(IsReadModified=False, ReturnBounds=between.get("bounds", False))
        details.StartTime = from_time(between.get("from")) or ua.get_win_epoch()
        details.EndTime = from_time(between.get("to")) or ua.get_win_epoch()
        details.NumValuesPerNode = between.get("max", 0)
        values, calls, point = [], 0, None
        while True:
            result = await self.node(node).history_read(details, point)
            result.StatusCode.check()
            calls += 1
            values.extend(data_value(one) for one in result.HistoryData.DataValues or [])
            point = result.ContinuationPoint
            if not point or calls >= 1000:
                return {"values": values, "calls": calls}

    async def do_subscribe(self, nodes, publishingMs=100, samplingMs=0, queue=10, keepAlive=10, trigger=None, deadband=None, percent=False):
        parameters = ua.CreateSubscriptionParameters(publishingMs, 10_000, keepAlive, 0, True, 0)
        made = await self.client.create_subscription(parameters, Keeper(self))
        self.subscriptions.append(made)
        self._listen(made)
        chosen = None
        if trigger is not None or deadband is not None:
            kind = ua.DeadbandType.None_ if deadband is None else ua.DeadbandType.Percent if percent else ua.DeadbandType.Absolute
            chosen = ua.DataChangeFilter(ua.DataChangeTrigger[trigger or "StatusValue"], kind, deadband or 0.0)
        found = [self.node(text) for text in nodes]
        results = await made._subscribe(found, ua.AttributeIds.Value, chosen, queue, ua.MonitoringMode.Reporting, samplingMs)
        items = ["Good" if isinstance(one, int) else status_name(one.value) for one in results]
        return {"subscription": made.subscription_id, "publishingMs": made.parameters.RequestedPublishingInterval, "items": items}

    def _listen(self, subscription):
        """Notes each message, a keep-alive too, before asyncua takes it apart."""
        known = self.client.uaclient.session._subscription_callbacks

        async def take(result):
            message = result.NotificationMessage
            items = [one for data in message.NotificationData or [] for one in getattr(data, "MonitoredItems", [])]
            self.messages.append(
                {"subscription": result.SubscriptionId, "sequence": message.SequenceNumber, "items": len(items), "available": list(result.AvailableSequenceNumbers or [])}
            )
            await subscription.publish_callback(result)

        known[subscription.subscription_id] = take

    async def do_messages(self, clear=False):
        answer = list(self.messages)
        if clear:
            self.messages.clear()
        return answer

    async def do_republish(self, subscription, sequence):
        message = await self.client.uaclient.session.republish(subscription, sequence)
        items = [one for data in message.NotificationData or [] for one in getattr(data, "MonitoredItems", [])]
        return {"sequence": message.SequenceNumber, "values": [data_value(one.Value) for one in items]}

    async def do_transfer(self, subscription, sendInitialValues=False):
        parameters = ua.TransferSubscriptionsParameters([subscription], sendInitialValues)
        result = (await self.client.uaclient.session.transfer_subscriptions(parameters))[0]
        return {"status": status_name(result.StatusCode.value), "available": list(result.AvailableSequenceNumbers or [])}

    async def do_received(self, clear=False):
        answer = {"values": list(self.values), "statuses": list(self.statuses)}
        if clear:
            self.values.clear()
            self.statuses.clear()
        return answer

    async def do_unsubscribe(self):
        while self.subscriptions:
            await self.subscriptions.pop().delete()

    async def do_subscribeEvents(self, node="i=2253", types=("i=2041",), fields=None):
        made = await self.client.create_subscription(100, Keeper(self))
        self.subscriptions.append(made)
        kinds = [self.node(text) for text in types]
        chosen = None
        if fields is not None:
            chosen = ua.EventFilter([self._select(field) for field in fields])
        await made.subscribe_events(self.node(node), kinds, chosen)
        return {"subscription": made.subscription_id}

    def _select(self, field):
        """ "Severity", "AckedState/Id", "2:Machine"; "ConditionId" is the NodeId of the condition itself."""
        if field == "ConditionId":
            return ua.SimpleAttributeOperand(ua.NodeId(ua.ObjectIds.ConditionType), [], ua.AttributeIds.NodeId)
        path = [ua.QualifiedName.from_string(part) for part in field.split("/")]
        return ua.SimpleAttributeOperand(ua.NodeId(ua.ObjectIds.BaseEventType), path, ua.AttributeIds.Value)

    async def do_refresh(self):
        wanted = ua.Variant(self.subscriptions[-1].subscription_id, ua.VariantType.UInt32)
        request = ua.CallMethodRequest(ua.NodeId(ua.ObjectIds.ConditionType), ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh), [wanted])
        result = (await self.client.uaclient.session.call([request]))[0]
        return {"status": status_name(result.StatusCode.value)}


class Keeper:
    """Takes what a subscription brings."""

    def __init__(self, session):
        self.session = session

    def datachange_notification(self, node, _value, data):
        self.session.values.append({"node": node.nodeid.to_string(), **data_value(data.monitored_item.Value)})

    def status_change_notification(self, notification):
        self.session.statuses.append(status_name(notification.Status.value))

    def event_notification(self, event):
        fields = {name: to_json(variant) for name, variant in event.get_event_props_as_fields_dict().items()}
        say({"event": "event", "fields": fields})
