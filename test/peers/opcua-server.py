"""An OPC UA server made of asyncua alone, steered by lines of JSON: opcua-server.py '{"port": 4840, …}'.

Settings (one JSON object as the argument; all but `port` have a default):
  port, host ("127.0.0.1"), name, applicationUri ("urn:bifrost:test:server")
  namespaces        URIs in the order of their index from 2 on; default [PLANT, TYPES] (see opcua/plant.py); others may be anything
  certificate, key  files (PEM or DER); without them only the policy None is offered
  policies          of "None", "Basic256Sha256/Sign", "Basic256Sha256/SignAndEncrypt", "Aes128_Sha256_RsaOaep/…", "Aes256_Sha256_RsaPss/…";
                    default: all that the certificate allows
  anonymous (true), users {name: password}, readers [name], userCertificates [file], trusted [file]: see opcua/access.py
  counters (10), counterType ("Double"), intervalMs (1000): see opcua/counters.py
  tree (0), hugeArray (0), di (false), device {…}: see opcua/plant.py
  alarms ["Level", "Pressure"]; history {values, periodMs, maxPerReply}
  limits            {"MaxNodesPerRead": 100, …}: shown under OperationLimits and kept
  maxSessions, maxSubscriptions, minPublishingMs, maxQueue, maxSessionTimeoutMs; endpointHost: the host in endpoint URLs (as behind NAT)

Lines on stdin are {"id": n, "do": command, …}, lines on stdout {"id": n, "ok": answer} or {"id": n, "error": sentence}; what happens by
itself is {"event": …}: ready (url, namespaces), written, called, condition, untrusted. The commands are in opcua/steering.py.
The end of stdin ends the program. Log lines of asyncua go to stderr with BIFROST_PEER_LOG=info (default: error).

What asyncua's server cannot: index ranges, BrowseNext, sampling and publishing intervals of its own (each write is a sample, the client's
publishing interval is taken as it is), percent deadband, TimestampsToReturn, RegisterNodes beyond an echo, maxNotificationsPerPublish.
"""
import asyncio
import json
import logging
import os
import sys

from asyncua import Server, ua

from opcua import access, events, faults, history, methods, plant
from opcua.counters import Counters
from opcua.steering import Steering
from opcua.values import say

POLICIES = {
    "None": ua.SecurityPolicyType.NoSecurity,
    "Basic256Sha256/Sign": ua.SecurityPolicyType.Basic256Sha256_Sign,
    "Basic256Sha256/SignAndEncrypt": ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    "Aes128_Sha256_RsaOaep/Sign": ua.SecurityPolicyType.Aes128Sha256RsaOaep_Sign,
    "Aes128_Sha256_RsaOaep/SignAndEncrypt": ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
    "Aes256_Sha256_RsaPss/Sign": ua.SecurityPolicyType.Aes256Sha256RsaPss_Sign,
    "Aes256_Sha256_RsaPss/SignAndEncrypt": ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
}


async def secured(server, settings):
    """Policies, certificates, users."""
    users = access.Users(settings)
    server.iserver.set_user_manager(users)
    server.set_identity_tokens(users.tokens())
    if "certificate" in settings:
        await server.load_certificate(settings["certificate"], form(settings["certificate"]))
        await server.load_private_key(settings["key"], format=form(settings["key"]))
    offered = settings.get("policies", list(POLICIES) if "certificate" in settings else ["None"])
    server.set_security_policy([POLICIES[name] for name in offered])
    server.set_certificate_validator(access.Trust(settings.get("trusted")))
    return users


def form(path):
    with open(path, "rb") as file:
        return "pem" if file.read(5) == b"-----" else "der"


def bounded(server, settings):
    internal = server.iserver
    internal.max_subscriptions = settings.get("maxSubscriptions", internal.max_subscriptions)
    internal.max_monitored_item_queue_size = settings.get("maxQueue", internal.max_monitored_item_queue_size)
    internal.max_session_timeout_ms = settings.get("maxSessionTimeoutMs", internal.max_session_timeout_ms)
    internal.min_session_timeout_ms = min(internal.min_session_timeout_ms, internal.max_session_timeout_ms)
    if "maxSessions" in settings:
        type(internal.isession).max_connections = settings["maxSessions"]


async def main(settings):
    server = Server()
    server.product_uri = "urn:bifrost:test:product"
    server.manufacturer_name = "Acme"
    server.name = settings.get("name", "Plant of the tests")
    server._application_uri = settings.get("applicationUri", "urn:bifrost:test:server")
    # ConditionRefresh is off unless asked for.
    server.iserver.bind_condition_methods = True
    await server.init()
    host = settings.get("host", "127.0.0.1")
    server.set_endpoint(f"opc.tcp://{settings.get('endpointHost', host)}:{settings['port']}/plant")
    server.socket_address = (host, settings["port"])
    if "endpointHost" in settings:
        server.set_match_discovery_client_ip(False)
        server.set_match_discovery_endpoint_url(False)
    users = await secured(server, settings)
    bounded(server, settings)
    for uri in settings.get("namespaces", [plant.PLANT, plant.TYPES]):
        await server.register_namespace(uri)
    index, types = [await server.register_namespace(uri) for uri in (plant.PLANT, plant.TYPES)]
    built = await plant.build(server, index, types, settings)
    forged = faults.Faults()
    happenings = events.Events(built)
    await happenings.build(settings.get("alarms", ["Level", "Pressure"]))
    await methods.build(built)
    await history.build(built, settings.get("history", {}))
    counters = Counters(built, settings.get("counterType", "Double"))
    await counters.build(settings.get("counters", 10))
    faults.install(forged)
    access.install(built, users)
    steering = Steering(built, counters, happenings, forged)
    await steering.set_limits(settings.get("limits", {}))
    await server.start()
    counters.start(settings.get("intervalMs", 1000))
    namespaces = await server.get_namespace_array()
    say({"event": "ready", "url": f"opc.tcp://{host}:{settings['port']}/plant", "namespaces": namespaces})
    await steering.run(sys.stdin)
    await asyncio.wait_for(server.stop(), 5)


logging.basicConfig(level=os.environ.get("BIFROST_PEER_LOG", "error").upper())
if os.environ.get("BIFROST_PEER_LOG") is None:
    # A service fault and a failing method are what some tests ask for.
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
try:
    asyncio.run(main(json.loads(sys.argv[1])))
except (TimeoutError, KeyboardInterrupt):
    pass
except BaseException:
    logging.exception("the server ended")
    os._exit(1)
finally:
    sys.stdout.flush()
    os._exit(0)
