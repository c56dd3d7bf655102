"""The address space of the simulated plant. Node ids in the namespace PLANT are strings, as the browse path reads (s=Scalars/Int32).

Plant                  folder under Objects
  Counters/0 … N-1     Double, changes every tick: count * 100000 + its own number, so that a value tells both (see counters.py)
  Scalars/TYPE         one of each built-in type; Scalars/Null has no value
  Arrays/…             Boolean, Byte, Int32, Double, String, DateTime, LocalizedText, Empty; Matrix (2 x 3), Cube (2 x 2 x 2)
  Structures/…         Motor, Axis (holds a Motor, an array of Motors and an enumeration), Motors (array), Recipe (optional fields),
                       Either (a union); their types are in the namespace TYPES
  Enumerations/…       State (an enumeration of our own), ServerState (one of the standard), MultiState (MultiStateDiscreteType)
  Writable/TYPE        writable; Writable/ValueOnly refuses a status or a timestamp with BadWriteNotSupported, Writable/Limited takes
                       0 … 100 and answers BadOutOfRange, Writable/Int32Array and Writable/Motor are an array and a structure
  ReadOnly             answers BadNotWritable
  Analog               AnalogItemType with EURange 0 … 200, InstrumentRange, EngineeringUnits (degree Celsius)
  Methods              object with methods, see methods.py
  History/…            see history.py
  Events, Alarms/…     see events.py
  Tree/…               `tree` nodes in lines, machines and sensors
DeviceSet              (namespace DI) Pump with Manufacturer, Model, SerialNumber … when `di` is true
"""
import base64
import uuid
from datetime import datetime, timezone

from asyncua import ua
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field

PLANT = "urn:bifrost:test:plant"
TYPES = "urn:bifrost:test:types"
DI = "http://opcfoundation.org/UA/DI/"
MOMENT = datetime(2024, 2, 29, 12, 34, 56, 789000, tzinfo=timezone.utc)
KINDS = ua.VariantType

SCALARS = {
    "Boolean": True,
    "SByte": -128,
    "Byte": 255,
    "Int16": -32768,
    "UInt16": 65535,
    "Int32": -2147483648,
    "UInt32": 4294967295,
    "Int64": -9223372036854775808,
    "UInt64": 18446744073709551615,
    "Float": 0.5,
    "Double": -1.7976931348623157e308,
    "String": "Wärme ≥ 5",
    "DateTime": MOMENT,
    "Guid": uuid.UUID("72962b91-fa75-4ae6-8d28-b404dc7daf63"),
    "ByteString": base64.b64decode("AAECA/8="),
    "XmlElement": ua.XmlElement("<level>5</level>"),
    "NodeId": ua.NodeId("Scalars", 2),
    "ExpandedNodeId": ua.ExpandedNodeId("Elsewhere", 0, ua.NodeIdType.String, "urn:elsewhere", 1),
    "StatusCode": ua.StatusCode(ua.StatusCodes.UncertainLastUsableValue),
    "QualifiedName": ua.QualifiedName("Level", 2),
    "LocalizedText": ua.LocalizedText("Füllstand", "de"),
}

ARRAYS = {
    "Boolean": ([True, False, True], KINDS.Boolean),
    "Byte": ([1, 2, 255], KINDS.Byte),
    "Int32": ([10, 20, 30, 40], KINDS.Int32),
    "Double": ([1.5, -2.5, 3.5], KINDS.Double),
    "String": (["a", "", "ü"], KINDS.String),
    "DateTime": ([MOMENT], KINDS.DateTime),
    "LocalizedText": ([ua.LocalizedText("an", "de"), ua.LocalizedText("on", "en")], KINDS.LocalizedText),
    "Empty": ([], KINDS.Int32),
    "Matrix": ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], KINDS.Double),
    "Cube": ([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], KINDS.Int32),
}


class Plant:
    """The nodes, and where to find them."""

    def __init__(self, server, index, types):
        self.server = server
        self.index = index
        self.types = types
        self.folders = {}

    def id(self, name):
        return ua.NodeId(name, self.index)

    def node(self, text):
        """A node by its id as text ("i=2258", "ns=2;s=…", "nsu=…;s=…") or by its name in the plant ("Scalars/Int32")."""
        if "=" not in text:
            return self.server.get_node(self.id(text))
        if text.startswith("nsu="):
            uri, rest = text[4:].split(";", 1)
            uris = self.server.get_node(ua.NodeId(ua.ObjectIds.Server_NamespaceArray))
            known = self.server.iserver.aspace.read_attribute_value(uris.nodeid, ua.AttributeIds.Value).Value.Value
            text = f"ns={known.index(uri)};{rest}"
        return self.server.get_node(ua.NodeId.from_string(text))

    async def folder(self, name):
        """A folder of the plant, made with those above it."""
        if name not in self.folders:
            above, _, last = name.rpartition("/")
            parent = await self.folder(above or "Plant") if name != "Plant" else self.server.nodes.objects
            self.folders[name] = await parent.add_folder(self.id(name), ua.QualifiedName(last, self.index))
        return self.folders[name]

    async def variable(self, name, variant, datatype=None, writable=False):
        above, _, last = name.rpartition("/")
        parent = await self.folder(above or "Plant")
        node = await parent.add_variable(self.id(name), ua.QualifiedName(last, self.index), variant, datatype=datatype)
        if writable:
            await node.set_writable()
        return node

    async def many(self, name, variants):
        """Many variables in one folder. asyncua compares each new reference with all that its parent has: here with the last few."""
        folder = await self.folder(name)
        data = self.server.iserver.aspace[folder.nodeid]
        references, data.references = data.references, []
        made = []
        for last, variant in variants.items():
            made.append(await folder.add_variable(self.id(f"{name}/{last}"), ua.QualifiedName(last, self.index), variant))
            if len(data.references) > 50:
                references.extend(data.references)
                data.references = []
        data.references = references + data.references
        return made


async def build(server, index, types, options):
    plant = Plant(server, index, types)
    for name, value in SCALARS.items():
        await plant.variable(f"Scalars/{name}", ua.Variant(value, KINDS[name]))
    await plant.variable("Scalars/Null", ua.Variant(None, KINDS.Null), ua.NodeId(ua.ObjectIds.Double))
    for name, (value, kind) in ARRAYS.items():
        await plant.variable(f"Arrays/{name}", ua.Variant(value, kind, is_array=True))
    if options.get("hugeArray"):
        huge = [float(at) for at in range(options["hugeArray"])]
        await plant.variable("Arrays/Huge", ua.Variant(huge, KINDS.Double, is_array=True))
    await add_types(plant)
    await add_enumerations(plant)
    await add_writable(plant)
    await add_analog(plant)
    await add_tree(plant, options.get("tree", 0))
    if options.get("di", False):
        await add_device(plant, options.get("device", {}))
    return plant


async def add_types(plant):
    server, at = plant.server, plant.types
    kinds = ua.VariantType
    mode = await new_enum(server, ua.NodeId("AxisMode", at), ua.QualifiedName("AxisMode", at), ["Off", "Jog", "Automatic"])

    async def struct(name, fields, union=False):
        made, _ = await new_struct(server, ua.NodeId(name, at), ua.QualifiedName(name, at), fields, is_union=union)
        return made

    motor = await struct(
        "Motor",
        [
            new_struct_field("speed", kinds.Double, description="revolutions a minute"),
            new_struct_field("running", kinds.Boolean),
            new_struct_field("name", kinds.String),
            new_struct_field("starts", kinds.UInt64),
        ],
    )
    axis = await struct(
        "Axis",
        [
            new_struct_field("position", kinds.Double),
            new_struct_field("mode", mode),
            new_struct_field("drive", motor),
            new_struct_field("brakes", motor, array=True),
            new_struct_field("limits", kinds.Double, array=True),
        ],
    )
    recipe = await struct(
        "Recipe",
        [
            new_struct_field("name", kinds.String),
            new_struct_field("temperature", kinds.Double, optional=True),
            new_struct_field("note", kinds.String, optional=True),
        ],
    )
    either = await struct(
        "Either", [new_struct_field("number", kinds.Int32), new_struct_field("text", kinds.String)], union=True
    )
    await server.load_data_type_definitions()
    one = ua.Motor(speed=1480.5, running=True, name="M1", starts=9007199254740993)
    two = ua.Motor(speed=0.0, running=False, name="M2", starts=2)
    await plant.variable("Structures/Motor", ua.Variant(one, KINDS.ExtensionObject), motor.nodeid)
    held = ua.Axis(position=12.25, mode=ua.AxisMode.Automatic, drive=one, brakes=[two, one], limits=[-10.0, 10.0])
    await plant.variable("Structures/Axis", ua.Variant(held, KINDS.ExtensionObject), axis.nodeid)
    both = ua.Variant([one, two], KINDS.ExtensionObject, is_array=True)
    await plant.variable("Structures/Motors", both, motor.nodeid)
    await plant.variable("Structures/Recipe", ua.Variant(ua.Recipe(name="R7", temperature=81.5), KINDS.ExtensionObject), recipe.nodeid)
    chosen = ua.Either()
    chosen.text = "open"
    await plant.variable("Structures/Either", ua.Variant(chosen, KINDS.ExtensionObject), either.nodeid)
    await plant.variable("Writable/Motor", ua.Variant(two, KINDS.ExtensionObject), motor.nodeid, writable=True)


async def add_enumerations(plant):
    at = plant.types
    state = await new_enum(
        plant.server, ua.NodeId("PumpState", at), ua.QualifiedName("PumpState", at), ["Stopped", "Starting", "Running", "Fault"]
    )
    await plant.server.load_data_type_definitions()
    await plant.variable("Enumerations/State", ua.Variant(2, KINDS.Int32), state.nodeid)
    await plant.variable("Enumerations/ServerState", ua.Variant(0, KINDS.Int32), ua.NodeId(ua.ObjectIds.ServerState))
    multi = await plant.variable("Enumerations/MultiState", ua.Variant(1, KINDS.UInt32))
    await typed(multi, ua.ObjectIds.MultiStateDiscreteType)
    words = [ua.LocalizedText("closed"), ua.LocalizedText("open"), ua.LocalizedText("stuck")]
    await multi.add_property(ua.NodeId("Enumerations/MultiState/EnumStrings", plant.index), ua.QualifiedName("EnumStrings", 0), words)


async def add_writable(plant):
    for name in ("Boolean", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float", "Double", "String", "DateTime",
                 "Guid", "ByteString", "LocalizedText"):  # fmt: skip
        await plant.variable(f"Writable/{name}", ua.Variant(SCALARS[name], KINDS[name]), writable=True)
    for name in ("ValueOnly", "Limited"):
        await plant.variable(f"Writable/{name}", ua.Variant(1.0, KINDS.Double), writable=True)
    await plant.variable("Writable/Int32Array", ua.Variant([1, 2, 3], KINDS.Int32, is_array=True), writable=True)
    state = ua.NodeId("PumpState", plant.types)
    await plant.variable("Writable/State", ua.Variant(0, KINDS.Int32), state, writable=True)
    await plant.variable("ReadOnly", ua.Variant(7, KINDS.Int32))


async def add_analog(plant):
    node = await plant.variable("Analog", ua.Variant(20.0, KINDS.Double), writable=True)
    await typed(node, ua.ObjectIds.AnalogItemType)
    celsius = ua.EUInformation("http://www.opcfoundation.org/UA/units/un/cefact", 4408652, ua.LocalizedText("°C"), ua.LocalizedText("degree Celsius"))
    ranges = {"EURange": ua.Range(0.0, 200.0), "InstrumentRange": ua.Range(-50.0, 300.0), "EngineeringUnits": celsius}
    for name, value in ranges.items():
        await node.add_property(ua.NodeId(f"Analog/{name}", plant.index), ua.QualifiedName(name, 0), value)
    await node.write_attribute(ua.AttributeIds.Description, ua.DataValue(ua.LocalizedText("Temperature of the furnace", "en")))


async def typed(node, type_id):
    """Gives a variable another type definition than BaseDataVariableType."""
    await node.delete_reference(ua.NodeId(ua.ObjectIds.BaseDataVariableType), ua.ObjectIds.HasTypeDefinition, bidirectional=False)
    await node.add_reference(ua.NodeId(type_id), ua.ObjectIds.HasTypeDefinition, bidirectional=False)


async def add_tree(plant, nodes):
    """`nodes` nodes in all: lines of 10 machines of 20 sensors."""
    made = 0
    while made < nodes:
        line = made // 211
        await plant.folder(f"Tree/Line{line}")
        made += 1
        for machine in range(10):
            if made >= nodes:
                return
            await plant.folder(f"Tree/Line{line}/Machine{machine}")
            made += 1
            sensors = range(min(20, nodes - made))
            variants = {f"Sensor{at}": ua.Variant(float(made + at), KINDS.Double) for at in sensors}
            await plant.many(f"Tree/Line{line}/Machine{machine}", variants)
            made += len(variants)


async def add_device(plant, identity):
    """DeviceSet of OPC 10000-100 with one device. The type nodes of DI are not loaded: only what a client looks for by name."""
    at = await plant.server.register_namespace(DI)
    devices = await plant.server.nodes.objects.add_object(ua.NodeId(5001, at), ua.QualifiedName("DeviceSet", at))
    device = await devices.add_object(plant.id("Pump"), ua.QualifiedName("Pump", plant.index))
    texts = {
        "Manufacturer": ua.LocalizedText("Acme"),
        "Model": ua.LocalizedText("P-200"),
        "SerialNumber": "SN-4711",
        "HardwareRevision": "B",
        "SoftwareRevision": "3.2.1",
        "DeviceRevision": "2",
        "DeviceManual": "",
        "RevisionCounter": ua.Variant(5, KINDS.Int32),
        **identity,
    }
    for name, value in texts.items():
        await device.add_property(plant.id(f"Pump/{name}"), ua.QualifiedName(name, at), value)
