"""An OPC UA client made of asyncua alone, steered by lines of JSON: opcua-client.py '{"url": "opc.tcp://…", …}'.

Settings: url; policy ("None", "Basic256Sha256/SignAndEncrypt" …: as in opcua-server.py), certificate, key (PEM files), serverCertificate
(else taken from the endpoints); user, password or userCertificate, userKey; applicationUri ("urn:bifrost:test:client"), timeoutMs (5000),
connect (true; false: only `endpoints` and `servers` work before the command `connect`).
First line: {"event": "connected", "namespaces"} or {"event": "refused", "error", "code"}. Then, as the server does, {"id", "do"} → {"id", "ok"} or {"id",
"error", "code"}. A node is a node id, "nsu=URI;…" too.

endpoints → [{url, policy, mode, tokens, level, certificate (SHA-1)}]     servers → what FindServers says
connect · disconnect · namespaces → [uri]
browse {node, depth, max} → {nodes, tree: {id, name, display, class, type, dataType, description?, children}}
read {nodes, attribute} → [{value, type, status, code, sourceTime, serverTime}]
write {node, value, type, status, sourceTime, serverTime} → {status, code}
call {object, method, arguments: [{value, type}]} → {status, code, outputs, argumentResults}
history {node, from, to, max, bounds} → {values, calls}
subscribe {nodes, publishingMs, samplingMs, queue, keepAlive, trigger, deadband, percent} → {subscription, publishingMs, items: [{status, samplingMs, queue}]}
   what comes is kept: received {clear} → {values: [{node, …}], statuses}; messages {clear} → [{subscription, sequence, items, available}],
   keep-alives with no items among them; republish {subscription, sequence} → {sequence, values}; transfer {subscription} → {status,
   available} takes another session's subscription; unsubscribe {}
subscribeEvents {node, types, fields} → {}; each is told as {"event": "event", "fields": {…}}; refresh {} calls ConditionRefresh
verify {nodes, publishingMs, queue, seconds, perCall, raw} → {received, missed, wrong, repeated, first, last, cpuS, seconds, lagMs}
   subscribes to counters (opcua/counters.py) and judges what came by the values: a gap in a node's count is missed, a value that belongs
   to another node is wrong. `raw` takes notifications out of the publish callback; else asyncua's handler gets them, as in its examples.
readRate {nodes, batch, seconds} → {values, seconds, perSecond, cpuS}
CPU time is that of this process, user and system, while it measures.
"""
import asyncio
import json
import logging
import os
import sys

from opcua.client_session import ClientSession
from opcua.values import say

logging.basicConfig(level=os.environ.get("BIFROST_PEER_LOG", "critical").upper())


async def main(settings):
    session = ClientSession(settings)
    if settings.get("connect", True):
        try:
            await session.do_connect()
            say({"event": "connected", "namespaces": await session.do_namespaces()})
        except Exception as error:
            say({"event": "refused", "error": f"{type(error).__name__}: {error}", "code": getattr(error, "code", None)})
            return
    else:
        say({"event": "connected", "namespaces": []})
    await session.run(sys.stdin)
    await asyncio.wait_for(session.do_disconnect(), 5)


try:
    asyncio.run(main(json.loads(sys.argv[1])))
except (TimeoutError, ConnectionError, KeyboardInterrupt):
    pass
finally:
    sys.stdout.flush()
    os._exit(0)
