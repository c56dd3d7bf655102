"""A Modbus TCP server made of pymodbus alone. Argument: port. Units 1 and 2; registers count from 100 * unit on."""
import sys
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import StartTcpServer


def unit(number):
    return ModbusSlaveContext(
        di=ModbusSequentialDataBlock(0, [i % 3 == 0 for i in range(100)]),
        co=ModbusSequentialDataBlock(0, [False] * 100),
        hr=ModbusSequentialDataBlock(0, [100 * number + i for i in range(200)]),
        ir=ModbusSequentialDataBlock(0, [1000 * number + i for i in range(200)]),
        zero_mode=True,
    )


identity = ModbusDeviceIdentification()
identity.VendorName = "Acme"
identity.ProductCode = "PM"
identity.MajorMinorRevision = "3.0"
print("listening", flush=True)
StartTcpServer(
    context=ModbusServerContext(slaves={1: unit(1), 2: unit(2)}, single=False),
    identity=identity,
    address=("127.0.0.1", int(sys.argv[1])),
)
