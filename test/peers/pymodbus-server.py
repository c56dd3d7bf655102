"""A Modbus server made of pymodbus alone: pymodbus-server.py PORT|PATH [TRANSPORT [CERT KEY]].

Transports: tcp (default), udp, tls, rtu-over-tcp, ascii-over-tcp on a port; rtu, ascii on a serial port. Units 1 and 2; registers
count from 100 * unit on.
"""
import sys
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import StartSerialServer, StartTcpServer, StartTlsServer, StartUdpServer
from pymodbus.transaction import ModbusAsciiFramer, ModbusRtuFramer, ModbusSocketFramer


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
context = ModbusServerContext(slaves={1: unit(1), 2: unit(2)}, single=False)
place, transport, *certificate = sys.argv[1:] if len(sys.argv) > 2 else [sys.argv[1], "tcp"]
# No parity: pyserial refuses a pseudo terminal that cannot have one.
serial = {"baudrate": 19200, "parity": "N", "stopbits": 1}
settings = {"context": context, "identity": identity}
print("listening", flush=True)
if transport == "tcp":
    StartTcpServer(**settings, address=("127.0.0.1", int(place)))
elif transport == "rtu-over-tcp":
    StartTcpServer(**settings, address=("127.0.0.1", int(place)), framer=ModbusRtuFramer)
elif transport == "ascii-over-tcp":
    StartTcpServer(**settings, address=("127.0.0.1", int(place)), framer=ModbusAsciiFramer)
elif transport == "udp":
    StartUdpServer(**settings, address=("127.0.0.1", int(place)))
elif transport == "tls":
    # Modbus/TCP Security keeps the header of Modbus TCP; this pymodbus would leave it out by itself.
    certfile, keyfile = certificate
    address = ("127.0.0.1", int(place))
    StartTlsServer(**settings, address=address, certfile=certfile, keyfile=keyfile, framer=ModbusSocketFramer)
elif transport == "rtu":
    StartSerialServer(**settings, port=place, framer=ModbusRtuFramer, **serial)
elif transport == "ascii":
    StartSerialServer(**settings, port=place, framer=ModbusAsciiFramer, bytesize=8, **serial)
else:
    sys.exit(f"unknown transport {transport}")
