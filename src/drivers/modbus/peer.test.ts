/** The driver against pymodbus, a server that nobody here wrote and that lays out the values by its own encoder. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { statusName } from '../../core/status.ts'
import type { TagSettings } from '../../core/tags.ts'
import { pointsOf, readAll, rowsByTag, tagOf, testContext } from '../../testing/driver-suite.ts'
import { freePort, startProcess } from '../../testing/peers.ts'
import { modbus } from './driver.ts'

const PYTHON = '/usr/bin/python3'

/** Two runs of registers from 0 and 100 on: the same values, words in big-endian and in little-endian order. */
const SERVER = `
import sys
from pymodbus.constants import Endian
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.server import StartTcpServer

def registers(wordorder):
    builder = BinaryPayloadBuilder(byteorder=Endian.Big, wordorder=wordorder)
    builder.add_16bit_int(-1234)
    builder.add_32bit_float(-12.375)
    builder.add_32bit_int(-123456789)
    builder.add_32bit_uint(3123456789)
    builder.add_64bit_float(-6.02214076e23)
    builder.add_64bit_int(-1234567890123456789)
    builder.add_64bit_uint(12345678901234567890)
    builder.add_string("Pump 7")
    words = builder.to_registers()
    return words + [0] * (100 - len(words))

block = ModbusSequentialDataBlock(0, registers(Endian.Big) + registers(Endian.Little))
unit = ModbusSlaveContext(hr=block, zero_mode=True)
print("listening", flush=True)
StartTcpServer(context=ModbusServerContext(slaves=unit, single=True), address=("127.0.0.1", int(sys.argv[1])))
`

function needsPymodbus(): string | false {
  if (process.env.BIFROST_REQUIRE_PEERS === '1') return false
  const found = spawnSync(PYTHON, ['-c', 'import pymodbus.payload, pymodbus.server']).status === 0
  return found ? false : 'not installed: python3-pymodbus'
}

const VALUES: readonly [number, TagSettings['type'], number | bigint | string][] = [
  [0, 'int16', -1234],
  [1, 'float32', -12.375],
  [3, 'int32', -123456789],
  [5, 'uint32', 3123456789],
  [7, 'float64', -6.02214076e23],
  [11, 'int64', -1234567890123456789n],
  [15, 'uint64', 12345678901234567890n],
  [19, 'string', 'Pump 7'],
]

test(
  'values that pymodbus laid out are read as they are, in ABCD and in CDAB; what we write reads back',
  { skip: needsPymodbus() },
  async (t) => {
    const port = await freePort()
    const server = startProcess(t, PYTHON, ['-c', SERVER, String(port)])
    await server.waitFor(/listening/)
    const driver = modbus.create(modbus.options.parse({ host: '127.0.0.1', port }), testContext())
    t.after(() => driver.close())
    const { signal } = new AbortController()
    await connectSoon(() => driver.connect(signal))
    const tags = ['ABCD', 'CDAB'].flatMap((order, run) =>
      VALUES.map(([register, type]) =>
        tagOf(`hr:${run * 100 + register}`, type, { order, ...(type === 'string' ? { length: 6 } : {}) }),
      ),
    )
    const points = pointsOf(modbus, tags)
    const poll = driver.prepare(points)
    const expected = [...VALUES, ...VALUES].map(([, , value]) => value)
    const values = async () =>
      [...rowsByTag(await readAll(poll))].sort(([a], [b]) => a - b).map(([, { value }]) => value)
    assert.deepEqual(await values(), expected)
    const changed = expected.map((value) =>
      typeof value === 'string' ? 'Pump 8' : typeof value === 'bigint' ? value + 1n : 77,
    )
    const results = await driver.write(
      points.map((point, index) => ({ point, value: changed[index]! })),
      signal,
    )
    assert.deepEqual(
      results.map(statusName),
      points.map(() => 'Good'),
    )
    assert.deepEqual(await values(), changed)
  },
)

/** It prints before it listens. */
async function connectSoon(connect: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await connect()
    } catch (error) {
      if (attempt === 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
