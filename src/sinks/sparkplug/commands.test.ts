/** Commands of hosts: what is written by DCMD, and what is not. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { GatewayError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import type { SinkCommand, SinkType } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { startDelivery, typedTable } from '../../testing/delivery-rig.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { startMqttWire } from '../../testing/mqtt-wire.ts'
import { eventually, needs } from '../../testing/peers.ts'
import { startSparkplugHost } from '../../testing/sparkplug-host.ts'
import { sparkplug } from './sink.ts'

const type = sparkplug as unknown as SinkType
const options = { skip: needs('mosquitto'), timeout: 20_000 }
const DCMD = 'spBv1.0/plant/DCMD/gateway/press'
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const TAGS = typedTable(
  ['press/on', 'bool', { writable: true }],
  ['press/i8', 'int8', { writable: true }],
  ['press/i16', 'int16', { writable: true }],
  ['press/i32', 'int32', { writable: true }],
  ['press/u32', 'uint32', { writable: true }],
  ['press/i64', 'int64', { writable: true }],
  ['press/u64', 'uint64', { writable: true }],
  ['press/f64', 'float64', { writable: true }],
  ['press/text', 'string', { writable: true }],
  ['press/raw', 'bytes', { writable: true }],
  ['press/locked', 'float64'],
  ['other/f64', 'float64', { writable: true }],
)

interface Order {
  readonly command?: (command: SinkCommand) => Promise<void>
  readonly more?: object
}

async function start(t: TestContext, { command, more = { commands: true } }: Order = {}) {
  const broker = await startMosquitto(t)
  const wire = await startMqttWire(t, broker.port)
  const host = await startSparkplugHost(t, broker.url)
  const commands: SinkCommand[] = []
  const warnings: string[] = []
  const warn = (_: object, sentence: string) => void warnings.push(sentence)
  const rig = startDelivery(
    t,
    type,
    { urls: wire.url, groupId: 'plant', edgeNodeId: 'gateway', ...more },
    {
      tags: TAGS,
      context: {
        log: { ...silentLog, warn },
        async command(asked) {
          commands.push(asked)
          await command?.(asked)
          return { status: Status.Good, readBack: undefined }
        },
      },
    },
  )
  await host.wait('DBIRTH', 2)
  const aliases = new Map(host.of('DBIRTH').flatMap(({ payload }) => payload.metrics.map(({ name, alias }) => [name, alias]))) // prettier-ignore
  return { wire, host, commands, warnings, rig, aliases }
}

test('every type is written by name, through the way of all writes', options, async (t) => {
  const { host, commands } = await start(t)
  const metrics = [
    ['on', 'Boolean', true, true],
    ['i8', 'Int8', -5, -5],
    ['i16', 'Int16', -300, -300],
    ['i32', 'Int32', -70_000, -70_000],
    ['u32', 'UInt32', 4_000_000_000, 4_000_000_000],
    ['i64', 'Int64', -7, '-7'],
    ['u64', 'UInt64', 7, '7'],
    ['f64', 'Double', 1.5, 1.5],
    ['text', 'String', 'grüß', 'grüß'],
    ['raw', 'Bytes', Uint8Array.of(1, 2), 'AQI='],
  ] as const
  await host.command(metrics.map(([name, its, value]) => ({ name, type: its, value })), DCMD) // prettier-ignore
  await eventually('all are written', () => commands.length === metrics.length)
  assert.deepEqual(commands.map(({ tag, value }) => [tag, value]), metrics.map(([name, , , value]) => [name, value])) // prettier-ignore
  const [first] = commands
  assert.deepEqual([first!.device, first!.user, first!.from], ['press', 'sparkplug', `plant ${DCMD}`])
  assert.ok(first!.deadlineMs! > 5000 && first!.deadlineMs! <= 10_000)
})

test(
  'by alias, as hosts must when there are aliases; numbers of another kind that mean the same',
  options,
  async (t) => {
    const { host, commands, aliases } = await start(t)
    await host.command([{ alias: aliases.get('i16')!, type: 'Int16', value: -2 }], DCMD)
    // Two's complement of 16 bits instead of 32; an Int32 for a Double; an Int64 for an Int32; a Double for an Int32.
    await host.command([{ alias: aliases.get('i16')!, type: 'UInt16', value: 65_534 }], DCMD)
    await host.command([{ alias: aliases.get('locked')!, type: 'Int32', value: -3 }], DCMD)
    await host.command([{ alias: aliases.get('i32')!, type: 'Int64', value: -4 }], DCMD)
    await host.command([{ alias: aliases.get('i32')!, type: 'Double', value: 2.5 }], DCMD)
    await eventually('written', () => commands.length === 5)
    assert.deepEqual(commands.map(({ value }) => value), [-2, -2, -3, -4, 2.5]) // prettier-ignore
  },
)

test('what nobody knows is logged and passed over, and the rest is written', options, async (t) => {
  const { host, commands, warnings, aliases } = await start(t)
  await host.command(
    [
      { name: 'nosuch', type: 'Int32', value: 1 },
      { alias: 999_999, type: 'Int32', value: 1 },
      { name: 'on', type: 'String', value: 'yes' },
      { name: 'i32', type: 'Int32', value: null },
      { name: 'f64', type: 'Double', value: 2 },
    ],
    DCMD,
  )
  await host.command([{ name: 'f64', type: 'Double', value: 3 }], 'spBv1.0/plant/DCMD/gateway/nosuch')
  // The alias of another device's metric is none of this one's.
  await host.command([{ alias: aliases.get('on')!, type: 'Boolean', value: true }], 'spBv1.0/plant/DCMD/gateway/other')
  await host.publish(DCMD, Buffer.from('ffff', 'hex'))
  await host.command([{ name: 'f64', type: 'Double', value: 4 }], DCMD)
  await eventually('written', () => commands.length === 2)
  assert.deepEqual(commands.map(({ value }) => value), [2, 4]) // prettier-ignore
  for (const sentence of [
    /no metric "press\/nosuch"/,
    /no metric "press\/alias 999999"/,
    /value for "press\/on" is none of its type/,
    /value for "press\/i32" is none of its type/,
    /no metric "nosuch\/f64"/,
    /no metric "other\/alias/,
    /no Sparkplug payload/,
  ])
    assert.equal(warnings.filter((warning) => sentence.test(warning)).length, 1, String(sentence))
})

test('a refused write is logged with its reason, and the next is carried out', options, async (t) => {
  const command = async ({ tag }: SinkCommand) => {
    if (tag === 'locked') throw new GatewayError('WRITE_FORBIDDEN', 'press/locked is not writable')
  }
  const { host, commands, warnings } = await start(t, { command })
  await host.command([{ name: 'locked', type: 'Double', value: 1 }, { name: 'f64', type: 'Double', value: 2 }], DCMD) // prettier-ignore
  await eventually('both were asked for', () => commands.length === 2)
  await eventually('logged', () => warnings.some((each) => /not carried out: press\/locked is not writable/.test(each)))
})

test('without commands: true nothing is written, nor subscribed to', options, async (t) => {
  const { host, commands, wire } = await start(t, { more: {} })
  assert.deepEqual(wire.of('subscribe')[0]!.subscriptions.map(({ topic }) => topic), ['spBv1.0/plant/NCMD/gateway']) // prettier-ignore
  await host.command([{ name: 'f64', type: 'Double', value: 2 }], DCMD)
  await host.command([{ name: 'f64', type: 'Double', value: 2 }], 'spBv1.0/plant/NCMD/gateway')
  await pause(200)
  assert.deepEqual(commands, [])
})

test('a retained command is never carried out', options, async (t) => {
  const { host, commands, warnings, wire } = await start(t)
  await host.command([{ name: 'f64', type: 'Double', value: 2 }], DCMD, true)
  await eventually('once, as it was published just now', () => commands.length === 1)
  wire.cut()
  await host.wait('NBIRTH', 2)
  await pause(200)
  assert.equal(commands.length, 1)
  assert.ok(warnings.some((each) => /retained command is not carried out/.test(each)))
})

test('writes that a device does not get done are bounded', options, async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { host, commands, warnings } = await start(t, { command: () => promise })
  const metrics = Array.from({ length: 150 }, (_, value) => ({ name: 'f64', type: 'Double' as const, value }))
  await host.command(metrics, DCMD)
  await eventually('refused', () => warnings.some((each) => /100 writes wait already/.test(each)))
  resolve()
  await eventually('the others are carried out', () => commands.length === 100)
  await host.command([{ name: 'f64', type: 'Double', value: 1000 }], DCMD)
  await eventually('and later ones too', () => commands.at(-1)?.value === 1000)
})
