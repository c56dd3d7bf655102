"""Every function of pymodbus' client against one of our servers; prints what it got as one JSON object.

Arguments: port or serial device, transport (tcp, udp, rtu, ascii, rtu-over-tcp, ascii-over-tcp; tcp
where absent). With a transport also the diagnostics and files.
"""
import json
import sys
from pymodbus.client import ModbusSerialClient, ModbusTcpClient, ModbusUdpClient
from pymodbus.diag_message import (
    ReturnBusExceptionErrorCountRequest,
    ReturnDiagnosticRegisterRequest,
    ReturnQueryDataRequest,
    ReturnSlaveMessageCountRequest,
)
from pymodbus.file_message import (
    FileRecord,
    ReadFifoQueueRequest,
    ReadFileRecordRequest,
    WriteFileRecordRequest,
)
from pymodbus.framer.ascii_framer import ModbusAsciiFramer
from pymodbus.framer.rtu_framer import ModbusRtuFramer
from pymodbus.mei_message import ReadDeviceInformationRequest
from pymodbus.other_message import (
    GetCommEventCounterRequest,
    GetCommEventLogRequest,
    ReadExceptionStatusRequest,
    ReportSlaveIdRequest,
)

where = sys.argv[1]
transport = sys.argv[2] if len(sys.argv) > 2 else "tcp"
framer = ModbusAsciiFramer if transport.startswith("ascii") else ModbusRtuFramer
if transport == "tcp":
    client = ModbusTcpClient("127.0.0.1", port=int(where), timeout=3)
elif transport == "udp":
    client = ModbusUdpClient("127.0.0.1", port=int(where), timeout=3)
elif transport.endswith("over-tcp"):
    client = ModbusTcpClient("127.0.0.1", port=int(where), framer=framer, timeout=3)
else:
    client = ModbusSerialClient(where, framer=framer, baudrate=19200, timeout=1)
# Two functions of this pymodbus name the unit `unit`, the others `slave`.
assert client.connect()
if transport == "ascii-over-tcp":
    # Replies of a length that it cannot foresee are read until the time-out.
    client.params.timeout = 0.2
result = {}
result["write coil"] = not client.write_coil(3, True, slave=1).isError()
result["write coils"] = not client.write_coils(8, [True, False, True] + [True] * 8, slave=1).isError()
result["coils"] = client.read_coils(0, 19, slave=1).bits[:19]
result["discrete inputs"] = client.read_discrete_inputs(0, 10, slave=1).bits[:10]
result["write register"] = not client.write_register(1, 0xBEEF, slave=1).isError()
result["write registers"] = not client.write_registers(10, list(range(500, 623)), slave=1).isError()
result["holding"] = client.read_holding_registers(10, 123, slave=1).registers
result["input"] = client.read_input_registers(5, 3, slave=1).registers
result["mask"] = not client.mask_write_register(1, 0x00FF, 0x1200, unit=1).isError()
result["masked"] = client.read_holding_registers(1, 1, slave=1).registers
result["read write"] = client.readwrite_registers(
    read_address=10, read_count=2, write_address=10, write_registers=[7], unit=1
).registers
identification = client.execute(ReadDeviceInformationRequest(0x01, 0x00, unit=1))
result["identification"] = {str(key): value.decode() for key, value in identification.information.items()}
result["illegal address"] = client.read_holding_registers(5000, 1, slave=1).exception_code
if transport in ("tcp", "udp"):
    result["unknown unit"] = client.read_holding_registers(0, 1, slave=9).exception_code
if len(sys.argv) > 2:
    result["exception status"] = client.execute(ReadExceptionStatusRequest(unit=1)).status
    result["loopback"] = client.execute(ReturnQueryDataRequest(0xA537, unit=1)).message
    result["diagnostic register"] = client.execute(ReturnDiagnosticRegisterRequest(unit=1)).message
    result["exceptions"] = client.execute(ReturnBusExceptionErrorCountRequest(unit=1)).message
    result["messages"] = client.execute(ReturnSlaveMessageCountRequest(unit=1)).message
    counter = client.execute(GetCommEventCounterRequest(unit=1))
    result["event counter"] = [counter.status, counter.count]
    log = client.execute(GetCommEventLogRequest(unit=1))
    result["event log"] = [log.status, log.event_count, log.message_count, log.events[:4]]
    identity = client.execute(ReportSlaveIdRequest(unit=1))
    result["server id"] = [list(identity.identifier), identity.status]
    record = FileRecord(file_number=4, record_number=7, record_data=b"\x06\xaf\x04\xbe")
    result["write file"] = client.execute(WriteFileRecordRequest([record], unit=1)).function_code
    wanted = FileRecord(file_number=4, record_number=7, record_length=2)
    read = client.execute(ReadFileRecordRequest([wanted], unit=1))
    result["read file"] = [list(part.record_data) for part in read.records]
    result["queue"] = client.execute(ReadFifoQueueRequest(0x04DE, unit=1)).values
print(json.dumps(result))
