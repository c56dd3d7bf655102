"""Reads a SunSpec device over Modbus TCP with pysunspec2 and prints every point as JSON: address -> value, null where not implemented.

Usage: pysunspec-client.py FOLDER HOST PORT UNIT    (FOLDER holds the installed package)
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

import sunspec2.modbus.client as client  # noqa: E402


def collect(group, prefix, points):
    for name, point in group.points.items():
        if point.pdef.get("type") != "pad":
            points[prefix + name] = point.cvalue
    for name, inner in group.groups.items():
        if isinstance(inner, list):
            for index, one in enumerate(inner):
                collect(one, f"{prefix}{name}[{index + 1}].", points)
        else:
            collect(inner, f"{prefix}{name}.", points)


device = client.SunSpecModbusClientDeviceTCP(slave_id=int(sys.argv[4]), ipaddr=sys.argv[2], ipport=int(sys.argv[3]), timeout=5)
device.scan()
points = {}
for model in device.model_list:
    same = [other for other in device.model_list if other.model_id == model.model_id]
    instance = same.index(model) + 1
    suffix = "" if instance == 1 else f"#{instance}"
    model.read()
    collect(model, f"sunspec:{model.model_id}{suffix}.", points)
device.close()
json.dump(points, sys.stdout, default=str)
