"""Every function of pymodbus' client against the server at port argv[1]; prints what it got as one JSON object."""
import json
import sys
from pymodbus.client import ModbusTcpClient
from pymodbus.mei_message import ReadDeviceInformationRequest

client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]), timeout=3)
# Two functions of this pymodbus name the unit `unit`, the others `slave`.
assert client.connect()
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
result["unknown unit"] = client.read_holding_registers(0, 1, slave=9).exception_code
print(json.dumps(result))
