/** Values of every type written to a Modbus device and read back from it, through the whole gateway. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError } from '../core/errors.ts'
import { Status, statusName } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import { modbus } from '../drivers/modbus/driver.ts'
import { startTestGateway, type TagSketch } from '../testing/gateway-fixture.ts'
import { startDevice } from '../testing/modbus-device.ts'
import { eventually } from '../testing/peers.ts'

const ORDERS = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const

/** Type, more settings, values as JSON gives them, and what reads back where that is something else. */
type Case = [type: TagSettings['type'], more: Partial<TagSettings>, values: unknown[], readBack?: unknown[]]
const CASES: readonly Case[] = [
  ['int16', {}, [-32_768, 0, 32_767]],
  ['uint16', {}, [0, 65_535]],
  ['int32', {}, [-2_147_483_648, 70_000]],
  ['uint32', {}, [4_294_967_295]],
  ['int64', {}, ['-9223372036854775808', '9007199254740993'], [-(2n ** 63n), 2n ** 53n + 1n]],
  ['uint64', {}, ['18446744073709551615'], [2n ** 64n - 1n]],
  ['float32', {}, [0.1, -3.5e38 / 2, 0], [Math.fround(0.1), Math.fround(-3.5e38 / 2), 0]],
  ['float64', {}, [0.1, 1e300]],
  ['string', { length: 8 }, ['pump', 'Öl 7', '']],
  ['int16', { scale: 0.1, offset: -40 }, [12.34, -40], [12.3, -40]],
  ['uint32', { scale: 0.001 }, [1234.5678], [1234.568]],
  ['float32', { scale: 1.8, offset: 32 }, [212, -459.67]],
  ['int64', { scale: 0.01 }, [12.34]],
]

test('every type in every order, scaled or not, reads back as it was written', async (t) => {
  const device = await startDevice(t)
  const tags: TagSketch[] = CASES.flatMap(([type, settings], index) =>
    ORDERS.map((order) => ({
      ...settings,
      name: `t${index} ${order}`,
      address: `hr:${index * 4}`,
      type,
      order,
      writable: true,
    })),
  )
  const bits: TagSketch[] = [
    { name: 'coil', address: 'co:3', type: 'bool', writable: true },
    { name: 'bit', address: 'hr:90.11', type: 'bool', writable: true },
  ]
  const gateway = await startTestGateway(t, {
    devices: [{ name: 'plc', type: modbus, options: device.options, everyMs: 60_000, tags: [...tags, ...bits] }],
  })
  await eventually('it is connected', () => gateway.polling.device('plc')!.state !== 'Connecting')
  const write = (tag: string, value: unknown) =>
    gateway.commands.write({ device: 'plc', tag, value, user: 'ada', from: 'test' })
  for (const [index, [type, , values, expected = values]] of CASES.entries()) {
    for (const order of ORDERS) {
      for (const [i, value] of values.entries()) {
        const { readBack, status } = await write(`t${index} ${order}`, value)
        assert.equal(status, Status.Good)
        const wanted = expected[i]
        if (typeof wanted === 'number' && typeof readBack === 'number')
          assert.ok(Math.abs(readBack - wanted) <= Math.abs(wanted) * 1e-6 + 1e-9, `${type} ${order}: ${readBack}`)
        else assert.equal(readBack, wanted, `${type} ${order}`)
      }
    }
  }
  for (const value of [true, false]) {
    assert.equal((await write('coil', value)).readBack, value)
    assert.equal((await write('bit', value)).readBack, value)
  }
})

test('a register that is only written, one that keeps something else, and one that takes no writes', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, code, address) => {
    if (address === 10 && code === 3) return { exception: 2 }
    if (address === 11 && code === 6) setImmediate(() => device.bank.holdingRegisters.set(11, 100))
    if (address === 12 && code === 6) return { exception: 4 }
    return undefined
  }
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'plc',
        type: modbus,
        options: device.options,
        everyMs: 60_000,
        tags: [10, 11, 12].map((at) => ({ name: `hr:${at}`, type: 'uint16', writable: true })),
      },
    ],
  })
  await eventually('it is connected', () => gateway.polling.device('plc')!.state !== 'Connecting')
  const write = (tag: string) => gateway.commands.write({ device: 'plc', tag, value: 500, user: 'ada', from: 'test' })
  const only = await write('hr:10')
  assert.deepEqual([statusName(only.status), statusName(only.readBackStatus)], ['Good', 'BadConfigurationError'])
  await assert.rejects(write('hr:11'), (error: GatewayError) => /as 500, but reads back 100/.test(error.message))
  await assert.rejects(write('hr:12'), (error: GatewayError) => /was not written: BadDeviceFailure/.test(error.message))
})
