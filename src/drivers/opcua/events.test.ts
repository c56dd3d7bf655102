/** Events of a server that nobody here wrote (asyncua): what they carry, which ones a tag takes, in which order, and what is refused. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { needsAsyncua, startAsyncuaServer } from '../../testing/asyncua.ts'
import { Status } from '../../core/status.ts'
import { openOpcua } from '../../testing/opcua-event-rig.ts'
import { startOpcuaRig } from '../../testing/opcua-rig.ts'
import { eventually } from '../../testing/peers.ts'

const skip = needsAsyncua()
const plant = 'nsu=urn:bifrost:test:plant;s='
const types = 'nsu=urn:bifrost:test:types;s='

async function start(t: TestContext, tags: readonly string[], options = {}) {
  const server = await startAsyncuaServer(t)
  return { server, rig: await openOpcua(t, server.url, tags, options) }
}

test('an event is a sample: its fields as JSON, its time the source time', { skip }, async (t) => {
  const { server, rig } = await start(t, ['events i=2253 :: fields = 3:Machine 3:Level Nope'])
  assert.deepEqual(rig.statuses(1), ['GoodNoData'])
  const { eventId } = await server.ask<{ eventId: string }>('fire', {
    kind: 'plant',
    message: 'full',
    severity: 700,
    time: '2026-11-23T10:00:00.123Z',
    fields: { Machine: 'M1', Level: 9.5 },
  })
  await rig.heard(1, ({ message }) => message === 'full')
  const row = rig.rows.at(-1)!
  assert.equal(new Date(row.time).toISOString(), '2026-11-23T10:00:00.123Z')
  const id = Buffer.from(eventId, 'hex').toString('base64')
  assert.equal(
    row.value,
    `{"id":"${id}","type":"nsu=urn:bifrost:test:types;s=PlantEventType","typeName":"PlantEventType",` +
      '"time":"2026-11-23T10:00:00.123Z","severity":700,"source":"nsu=urn:bifrost:test:plant;s=Events","sourceName":"Events",' +
      '"message":"full","fields":{"3:Machine":"M1","3:Level":9.5,"Nope":null}}',
  )
})

test(
  'a filter takes what it says: severity, type, source, name of the source, text of the message',
  { skip },
  async (t) => {
    const { server, rig } = await start(t, [
      'events i=2253',
      'events i=2253 :: severity >= 600',
      `events i=2253 :: type = ${types}PlantEventType`,
      `events i=2253 :: source = ${plant}Alarms`,
      'events i=2253 :: sourceName = Pressure, severity > 100',
      'events i=2253 :: message contains 50%_',
      'events i=2253 :: severity < 200, message contains two',
      `events i=2253 :: severity > 1, sourceName = Pressure, source = ${plant}Alarms`,
    ])
    await server.ask('fire', { kind: 'plant', message: 'one', severity: 600, fields: { Code: 4 } })
    await server.ask('fire', { kind: 'base', message: 'two is 50%_full', severity: 199 })
    await server.ask('fire', { kind: 'base', message: 'three is 50 full', severity: 200 })
    await server.ask('alarm', { name: 'Pressure', active: true, severity: 900, message: 'four' })
    await server.ask('fire', { message: 'last', severity: 1, source: 'Alarms' })
    await rig.heard(1, ({ message }) => message === 'last')
    const messages = (tag: number) => rig.events(tag).map(({ message }) => message)
    assert.deepEqual(messages(1), ['one', 'two is 50%_full', 'three is 50 full', 'four', 'last'])
    assert.deepEqual(messages(2), ['one', 'four'])
    assert.deepEqual(messages(3), ['one'])
    assert.deepEqual(messages(4), ['four', 'last'])
    assert.deepEqual(messages(5), ['four'])
    assert.deepEqual(messages(6), ['two is 50%_full'])
    assert.deepEqual(messages(7), ['two is 50%_full'])
    assert.deepEqual(messages(8), ['four'])
  },
)

test('three hundred events at once are three hundred rows in their order', { skip }, async (t) => {
  const { server, rig } = await start(t, ['events i=2253'])
  await server.ask('fire', { message: 'burst', times: 300 })
  await eventually('all of them', () => rig.events(1).length === 300)
  const times = rig.rows.filter(({ value }) => value !== undefined).map(({ time }) => time)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.equal(new Set(rig.events(1).map(({ id }) => id)).size, 300)
})

test(
  'a notifier that the server does not have is bad alone, with the reason, and is found when it comes',
  { skip },
  async (t) => {
    const { server, rig } = await start(t, [
      'events i=2253',
      'events nsu=urn:nobody;s=X',
      'events i=2253 :: type = /No/Such',
    ])
    assert.deepEqual(rig.statuses(1), ['GoodNoData'])
    assert.deepEqual(rig.statuses(2), ['BadNodeIdUnknown'])
    assert.match(rig.device.reasonOf!(2)!, /^The server has no namespace urn:nobody/)
    assert.match(rig.device.reasonOf!(3)!, /^The server knows no node at \/No\/Such/)
    await server.ask('fire', { message: 'still' })
    await rig.heard(1, ({ message }) => message === 'still')
  },
)

test(
  'alarms: the condition is told, acknowledged by its name, and refused with the exact status',
  { skip },
  async (t) => {
    const { server, rig } = await start(t, ['events i=2253'])
    const { eventId } = await server.ask<{ eventId: string }>('alarm', { name: 'Level', active: true, severity: 900 })
    const raised = await rig.heard(1, ({ condition }) => condition?.active === true)
    assert.equal(raised.id, Buffer.from(eventId, 'hex').toString('base64'))
    assert.deepEqual(raised.condition, {
      id: 'nsu=urn:bifrost:test:plant;s=Alarms/Level',
      name: 'Level',
      retain: true,
      enabled: true,
      active: true,
      acked: false,
      confirmed: false,
      quality: 'Good',
    })
    const done = await rig.command(1, { acknowledge: 'Level', comment: 'seen' })
    assert.deepEqual(done, ['Good', 'Acknowledged Level with the comment "seen".'])
    const told = await server.heard('condition')
    assert.deepEqual([told.method, told.alarm, told.comment, told.result], ['Acknowledge', 'Level', 'seen', 'Good'])
    await rig.heard(1, ({ condition }) => condition?.acked === true && condition.comment === 'seen')
    const again = await rig.command(1, { acknowledge: 'Level' })
    assert.deepEqual(again, ['BadConditionBranchAlreadyAcked', 'Level: It was acknowledged already.'])
    const old = await rig.command(1, { acknowledge: raised.id })
    assert.equal(old[0], 'BadEventIdUnknown')
    assert.equal((await rig.command(1, { confirm: 'Level' }))[0], 'Good')
    const unknown = await rig.command(1, { acknowledge: 'Nobody' })
    assert.equal(unknown[0], 'BadNodeIdUnknown')
    assert.match(unknown[1], /^No condition and no event "Nobody" has been heard of\./)
    assert.deepEqual(await rig.command(1, 'ack!'), ['BadTypeMismatch', 'Expected JSON such as {"acknowledge": "Level high", "comment": "seen"}; this is no JSON.']) // prettier-ignore
  },
)

test(
  'after a lost connection the session is taken up again: what happened meanwhile comes, and nothing twice',
  { skip },
  async (t) => {
    const server = await startAsyncuaServer(t)
    const { rows, see } = await startOpcuaRig(t, server.url, [{ name: 'e', address: 'events i=2253', type: 'string' }])
    await see('e', 'the server listens', ({ status }) => status === Status.GoodNoData)
    const messages = () => rows('e').flatMap(({ value }) => (value === undefined ? [] : [(JSON.parse(value as string) as { message: string }).message])) // prettier-ignore
    await server.ask('fire', { message: 'before' })
    await eventually('before', () => messages().length === 1)
    await server.ask('drop')
    await server.ask('fire', { message: 'meanwhile' })
    await eventually('meanwhile', () => messages().length === 2)
    const listens = () => rows('e').filter(({ status }) => status === Status.GoodNoData).length === 2
    await eventually('it listens again', listens)
    assert.deepEqual(messages(), ['before', 'meanwhile'])
  },
)
