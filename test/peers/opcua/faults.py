"""Replies of asyncua, forged on their way out, and limits that asyncua names but does not keep.

A rule is {"service": "Read", …} (a response's name without "Response"; "*" is any) and holds for `times` replies (default: until
`clear`). What it does, one or more of:
  status       the service fails with this StatusCode (name, or a number that the standard does not know)
  itemStatus   each result gets this StatusCode
  fewer        that many results are cut off the end; `more`: the last result is repeated that often
  value        {"value", "type"}: each DataValue of a Read or of a notification holds this instead
  answer       another response is sent in its place, by name ("Browse")
  truncate     that many bytes are cut off the end of the body; `raw`: these bytes (hex) are sent as the body
  delayMs      the reply waits; `silent`: it is never sent
Publishing (of all subscriptions): "on"; "silent" sends nothing at all, not even a keep-alive; "frozen" sends keep-alives and holds the
changes back; "lossy" sends keep-alives and throws the changes away. `gap` takes that many notification messages out, with their
sequence numbers; Republish still has them unless `forget`.
"""
import asyncio

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.internal_session import InternalSession
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import MonitoredItemValues
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.ua_binary import struct_to_binary

from .values import from_json, status

LIMITED = {
    "read": ("MaxNodesPerRead", lambda one: one.NodesToRead),
    "write": ("MaxNodesPerWrite", lambda one: one.NodesToWrite),
    "browse": ("MaxNodesPerBrowse", lambda one: one.NodesToBrowse),
    "call": ("MaxNodesPerMethodCall", lambda one: one),
    "history_read": ("MaxNodesPerHistoryReadData", lambda one: one.NodesToRead),
    "translate_browsepaths_to_nodeids": ("MaxNodesPerTranslateBrowsePathsToNodeIds", lambda one: one),
    "create_monitored_items": ("MaxMonitoredItemsPerCall", lambda one: one.ItemsToCreate),
    "modify_monitored_items": ("MaxMonitoredItemsPerCall", lambda one: one.ItemsToModify),
    "delete_monitored_items": ("MaxMonitoredItemsPerCall", lambda one: one.MonitoredItemIds),
}


class Faults:
    def __init__(self):
        self.rules = []
        self.publishing = "on"
        self.gap = 0
        self.forget = False
        self.limits = {}
        self.lost = 0

    def add(self, rule):
        self.rules.append(dict(rule))

    def take(self, name):
        """The rule for a reply of this name; it is used up when its `times` are over."""
        for rule in self.rules:
            if rule["service"] in (name, "*"):
                if "times" in rule:
                    rule["times"] -= 1
                    if rule["times"] <= 0:
                        self.rules.remove(rule)
                return rule
        return None


def install(faults):
    send = UaProcessor.send_response

    def forged(self, handle, seqhdr, response, msgtype=ua.MessageType.SecureMessage):
        rule = faults.take(type(response).__name__.removesuffix("Response")) if faults.rules else None
        if rule is None:
            return send(self, handle, seqhdr, response, msgtype)
        if rule.get("silent"):
            return None
        answer = forge(response, rule)
        answer.ResponseHeader.RequestHandle = handle
        body = bytes.fromhex(rule["raw"]) if "raw" in rule else struct_to_binary(answer)
        body = body[: len(body) - rule.get("truncate", 0)]

        def out():
            message = self._connection.message_to_binary(body, message_type=msgtype, request_id=seqhdr.RequestId)
            self._transport.write(message)

        if "delayMs" in rule:
            asyncio.get_running_loop().call_later(rule["delayMs"] / 1000, out)
        else:
            out()
        return None

    UaProcessor.send_response = forged
    limit(faults)
    publish(faults)
    # asyncua copies each value deeply for each item; ours are never changed, and 10,000 copies a second would be most of its work.
    MonitoredItemValues.set_current_datavalue = remember


def forge(response, rule):
    if "status" in rule:
        response = ua.ServiceFault()
        response.ResponseHeader.ServiceResult = status(rule["status"])
        return response
    if "answer" in rule:
        return getattr(ua, rule["answer"] + "Response")()
    results = found_results(response)
    if results is None:
        return response
    if "fewer" in rule:
        del results[max(0, len(results) - rule["fewer"]) :]
    for _ in range(rule.get("more", 0)):
        results.append(results[-1])
    for at, result in enumerate(results):
        results[at] = changed(result, rule)
    return response


def found_results(response):
    """The list that the results of a service are in; notifications of a Publish are one list of values."""
    parameters = getattr(response, "Parameters", response)
    notification = getattr(parameters, "NotificationMessage", None)
    if notification is not None:
        changes = [one for one in notification.NotificationData or [] if isinstance(one, ua.DataChangeNotification)]
        return changes[0].MonitoredItems if changes else None
    return getattr(parameters, "Results", None)


def changed(result, rule):
    code = status(rule["itemStatus"]) if "itemStatus" in rule else None
    value = from_json(rule["value"]["value"], rule["value"]["type"]) if "value" in rule else None
    if isinstance(result, ua.StatusCode):
        return code or result
    holder = result.Value if isinstance(result, ua.MonitoredItemNotification) else result
    if isinstance(holder, ua.DataValue):
        made = ua.DataValue(value or holder.Value, code or holder.StatusCode, holder.SourceTimestamp, holder.ServerTimestamp)
        return ua.MonitoredItemNotification(result.ClientHandle, made) if holder is not result else made
    if code is not None and hasattr(result, "StatusCode"):
        result.StatusCode = code
    return result


def limit(faults):
    for method, (name, of) in LIMITED.items():
        setattr(InternalSession, method, limited(faults, getattr(InternalSession, method), name, of))


def limited(faults, original, name, of):
    def check(self, parameters):
        most = faults.limits.get(name, 0)
        if self.external and 0 < most < len(of(parameters) or []):
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)

    async def counted(self, parameters):
        check(self, parameters)
        result = original(self, parameters)
        return await result if asyncio.iscoroutine(result) else result

    return counted


def publish(faults):
    publish_results = InternalSubscription.publish_results
    has_results = InternalSubscription.has_published_results
    pop = InternalSubscription._pop_publish_result

    async def steered(self, requestdata=None):
        if self.pub_request_callback is None or faults.publishing == "on":
            if self.pub_request_callback is not None and faults.gap > 0 and self._triggered_datachanges:
                faults.gap -= 1
                lost = pop(self)
                if faults.forget:
                    self._not_acknowledged_results.pop(lost.NotificationMessage.SequenceNumber, None)
                return False
            return await publish_results(self, requestdata)
        if faults.publishing == "silent":
            return False
        return await publish_results(self, requestdata)

    def held(self):
        if self.pub_request_callback is None or faults.publishing not in ("frozen", "lossy"):
            return has_results(self)
        if faults.publishing == "lossy":
            faults.lost += sum(len(queue) for queue in self._triggered_datachanges.values())
            self._triggered_datachanges.clear()
        changes, events = self._triggered_datachanges, self._triggered_events
        self._triggered_datachanges, self._triggered_events = {}, {}
        result = has_results(self)
        self._triggered_datachanges, self._triggered_events = changes, events
        return result

    def popped(self):
        if self.pub_request_callback is None or faults.publishing != "frozen":
            return pop(self)
        changes, events = self._triggered_datachanges, self._triggered_events
        self._triggered_datachanges, self._triggered_events = {}, {}
        result = pop(self)
        self._triggered_datachanges, self._triggered_events = changes, events
        return result

    InternalSubscription.publish_results = steered
    InternalSubscription.has_published_results = held
    InternalSubscription._pop_publish_result = popped


def remember(self, value):
    self.old_dvalue = self.current_dvalue
    self.current_dvalue = value
