"""Values of OPC UA as JSON, and back.

64-bit integers are decimal strings; NaN and the infinities are strings; a DateTime is ISO 8601 with milliseconds; a ByteString is base64;
a LocalizedText is {"locale", "text"}; node ids, qualified names and Guids are their text; a StatusCode is its number; an enumeration
is its number; a structure is an object of its fields, absent ones null; arrays are arrays, matrices arrays of arrays.
"""
import base64
import dataclasses
import enum
import json
import math
import uuid
from datetime import datetime, timezone

from asyncua import ua

WIDE = (ua.VariantType.Int64, ua.VariantType.UInt64)


def say(message):
    """One line of JSON to whoever started this program."""
    print(json.dumps(message, allow_nan=False), flush=True)


def now():
    return datetime.now(timezone.utc)


def from_time(text):
    return None if text is None else datetime.fromisoformat(text)


def to_time(time):
    if time is None:
        return None
    time = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_json(value, wide=False):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, enum.Enum):
        return int(value.value)
    if isinstance(value, int):
        return str(value) if wide or abs(value) > 2**53 else value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return to_time(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [to_json(one, wide) for one in value]
    if isinstance(value, ua.NodeId):
        return value.to_string()
    if isinstance(value, ua.QualifiedName):
        return value.to_string()
    if isinstance(value, ua.LocalizedText):
        return {"locale": value.Locale, "text": value.Text}
    if isinstance(value, ua.StatusCode):
        return value.value
    if isinstance(value, ua.XmlElement):
        return value.Value
    if isinstance(value, ua.Variant):
        return to_json(value.Value, value.VariantType in WIDE)
    if isinstance(value, ua.UaUnion):
        return {"switch": value.Encoding, "value": to_json(value.Value)}
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.name != "Encoding"]
        return {name: to_json(getattr(value, name)) for name in names}
    return repr(value)


def data_value(dv):
    """A DataValue with its type, status and both timestamps."""
    variant = dv.Value
    code = 0 if dv.StatusCode is None else dv.StatusCode.value
    return {
        "value": None if variant is None else to_json(variant),
        "type": None if variant is None else variant.VariantType.name,
        "status": status_name(code),
        "code": code,
        "sourceTime": to_time(dv.SourceTimestamp),
        "serverTime": to_time(dv.ServerTimestamp),
    }


def status_name(code):
    """The symbolic name, or the number in hexadecimal where the standard has none."""
    known = ua.status_codes.code_to_name_doc.get(code)
    return f"0x{code:08X}" if known is None else known[0]


def status(named):
    """A StatusCode from its name or number."""
    return ua.StatusCode(named if isinstance(named, int) else getattr(ua.StatusCodes, named))


def from_json(value, type_name):
    """A Variant of a built-in type; a list becomes an array, a list of lists a matrix."""
    vtype = ua.VariantType[type_name]
    if isinstance(value, list):
        return ua.Variant([_deep(one, vtype) for one in value], vtype, is_array=True)
    return ua.Variant(_one(value, vtype), vtype)


def _deep(value, vtype):
    return [_deep(one, vtype) for one in value] if isinstance(value, list) else _one(value, vtype)


def _one(value, vtype):
    kinds = ua.VariantType
    if value is None:
        return None
    if vtype in (kinds.Float, kinds.Double):
        return float(value)
    if vtype.name.endswith(("Int16", "Int32", "Int64", "Byte")):
        return int(value)
    if vtype == kinds.DateTime:
        return from_time(value)
    if vtype == kinds.Guid:
        return uuid.UUID(value)
    if vtype == kinds.ByteString:
        return base64.b64decode(value)
    if vtype in (kinds.NodeId, kinds.ExpandedNodeId):
        return ua.NodeId.from_string(value)
    if vtype == kinds.QualifiedName:
        return ua.QualifiedName.from_string(value)
    if vtype == kinds.LocalizedText:
        return ua.LocalizedText(value) if isinstance(value, str) else ua.LocalizedText(value["text"], value["locale"])
    if vtype == kinds.StatusCode:
        return status(value)
    if vtype == kinds.XmlElement:
        return ua.XmlElement(value)
    return value
