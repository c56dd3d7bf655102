/** Alarms and conditions with real state machines (node-opcua's server): every action, refreshes, what the server refuses. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Status } from '../../core/status.ts'
import { openOpcua } from '../../testing/opcua-event-rig.ts'
import { startFaultyServer } from '../../testing/opcua-faulty-server.ts'
import { startOpcuaRig } from '../../testing/opcua-rig.ts'
import { eventually, needs } from '../../testing/peers.ts'

const skip = needs('openssl')
const LEVEL = 'nsu=urn:bifrost:test:plant;s=Alarms/Level'

async function start(t: TestContext, tags: readonly string[], options = {}) {
  const server = await startFaultyServer(t, { alarms: ['Level', 'Pressure'] })
  return { server, open: () => openOpcua(t, server.url, tags, options) }
}

test('an alarm goes its way: raised, acknowledged, confirmed, commented on, back to normal', { skip }, async (t) => {
  const { server, open } = await start(t, ['events i=2253 :: type = i=2915'])
  const rig = await open()
  const { eventId } = await server.ask<{ eventId: string }>('alarm', { name: 'Level', value: 85 })
  const raised = await rig.heard(1, ({ condition }) => condition?.active === true)
  assert.equal(raised.id, eventId)
  assert.deepEqual(
    [raised.type, raised.typeName, raised.source, raised.message],
    ['i=9341', 'ExclusiveLimitAlarmType', 'nsu=urn:bifrost:test:plant;s=Tank', 'Condition is 85.000 and state is High'],
  )
  assert.deepEqual(raised.condition, {
    id: LEVEL,
    name: 'Level',
    retain: true,
    enabled: true,
    active: true,
    acked: false,
    confirmed: false,
    suppressed: false,
    limit: 'High',
    quality: 'Good',
  })
  const acknowledged = await rig.command(1, { acknowledge: eventId, comment: 'seen' })
  assert.deepEqual(acknowledged, ['Good', 'Acknowledged Level of 2:Tank with the comment "seen".'])
  const acked = await rig.heard(1, ({ condition }) => condition?.acked === true)
  assert.deepEqual([acked.condition?.comment, acked.condition?.confirmed], ['seen', false])
  assert.equal((await rig.command(1, { addComment: LEVEL, comment: 'valve 3' }))[0], 'Good')
  await rig.heard(1, ({ condition }) => condition?.comment === 'valve 3')
  assert.equal((await rig.command(1, { confirm: '2:Tank/Level' }))[0], 'Good')
  await rig.heard(1, ({ condition }) => condition?.confirmed === true)
  await server.ask('alarm', { name: 'Level', value: 10 })
  const over = await rig.heard(1, ({ condition }) => condition?.active === false)
  assert.deepEqual([over.message, over.condition?.acked, over.condition?.limit], ['Back to normal', true, undefined])
})

test('what the server refuses has its exact status', { skip }, async (t) => {
  const { server, open } = await start(t, ['events i=2253'])
  const rig = await open()
  await server.ask('alarm', { name: 'Level', value: 97 })
  await rig.heard(1, ({ condition }) => condition?.limit === 'HighHigh')
  const status = async (command: object) => (await rig.command(1, command))[0]
  assert.equal(await status({ acknowledge: 'AAAA', condition: LEVEL }), 'BadEventIdUnknown')
  assert.equal(await status({ enable: 'Level' }), 'BadConditionAlreadyEnabled')
  assert.equal(await status({ unshelve: 'Level' }), 'Good')
  assert.equal(await status({ unshelve: 'Level' }), 'BadConditionNotShelved')
  assert.equal(await status({ shelve: 'Level', for: '2h' }), 'BadShelvingTimeOutOfRange')
  assert.deepEqual(await rig.command(1, { shelve: 'Level', for: '10m' }), ['Good', 'Shelved Level of 2:Tank for 10m.'])
  assert.equal(await status({ shelve: 'Level', for: '10m' }), 'BadConditionAlreadyShelved')
  assert.equal(await status({ unshelve: 'Level' }), 'Good')
  assert.equal(await status({ shelve: 'Level' }), 'Good')
  assert.equal(await status({ disable: LEVEL }), 'Good')
  const disabled = await rig.heard(1, ({ condition }) => condition?.enabled === false)
  assert.deepEqual(
    [disabled.condition?.shelved, disabled.condition?.quality, disabled.condition?.comment],
    ['oneShot', 'BadConditionDisabled', undefined],
  )
  assert.equal(await status({ disable: LEVEL }), 'BadConditionAlreadyDisabled')
  assert.equal(await status({ disable: 'ns=99;s=Nothing' }), 'BadNodeIdUnknown')
})

test(
  'alarms that were raised before we came are told, marked as a refresh, and can be acknowledged',
  { skip },
  async (t) => {
    const { server, open } = await start(t, ['events i=2253 :: type = i=2915'])
    const { eventId } = await server.ask<{ eventId: string }>('alarm', { name: 'Pressure', value: 85 })
    const rig = await open()
    const told = await rig.heard(1, ({ condition }) => condition?.name === 'Pressure')
    assert.deepEqual([told.id, told.refresh, told.condition?.acked], [eventId, true, false])
    assert.equal((await rig.command(1, { acknowledge: 'Pressure' }))[0], 'Good')
    const acked = await rig.heard(1, ({ condition }) => condition?.acked === true)
    assert.equal(acked.refresh, undefined)
    assert.deepEqual(rig.events(1).filter(({ type }) => type === 'i=2787' || type === 'i=2788'), []) // prettier-ignore
  },
)

test('a server that lost its subscriptions gets them anew, with a refresh', { skip }, async (t) => {
  const { server, open } = await start(t, ['events i=2253 :: type = i=2915'], { liveness: { keepAlive: '300ms' } })
  const rig = await open()
  await server.ask('alarm', { name: 'Level', value: 85 })
  await rig.heard(1, ({ condition }) => condition?.active === true)
  await server.ask('forget', { what: 'subscriptions' })
  await rig.heard(1, ({ refresh, condition }) => refresh === true && condition?.active === true)
  await server.ask('alarm', { name: 'Level', value: 97 })
  await rig.heard(1, ({ condition }) => condition?.limit === 'HighHigh')
})

test('a queue of the server that overflows is told, counted, and shown as an event', { skip }, async (t) => {
  const { server, open } = await start(t, ['events i=2253 :: message contains burst'])
  const rig = await open()
  // Neither server of the tests says by itself that its queue has overflowed.
  await server.ask('fire', { type: 'EventQueueOverflowEventType', message: 'too many' })
  const overflow = await rig.heard(1, ({ type }) => type === 'i=3035')
  assert.equal(overflow.typeName, 'EventQueueOverflowEventType')
  assert.ok(rig.said.some((line) => line.endsWith('events were lost')), rig.said.join('\n')) // prettier-ignore
  await eventually('it is counted', () => rig.device.liveness?.()?.overflows === 1)
})

test(
  'a filter that the server refuses is made smaller, and what is left of it is decided here',
  { skip },
  async (t) => {
    const filter = 'events i=2253 :: type = i=2915, severity > 0, fields = HighLimit'
    const { server, open } = await start(t, [filter])
    await server.ask('fault', { service: 'CreateMonitoredItems', itemStatus: 'BadEventFilterInvalid', times: 1 })
    const rig = await open()
    assert.equal(
      rig.device.reasonOf!(1),
      `The server refused the filter of ${filter} (BadEventFilterInvalid). The gateway filters its events itself.`,
    )
    await server.ask('fire', { message: 'no alarm' })
    await server.ask('alarm', { name: 'Level', value: 85 })
    const raised = await rig.heard(1, ({ condition }) => condition?.active === true)
    assert.deepEqual(raised.fields, { HighLimit: 80 })
    assert.deepEqual(rig.events(1).filter(({ message }) => message === 'no alarm'), []) // prettier-ignore
  },
)

test('with the least that a server can do events are those of every server', { skip }, async (t) => {
  const { server, open } = await start(t, ['events i=2253 :: type = i=2041, fields = HighLimit'])
  await server.ask('fault', { service: 'CreateMonitoredItems', itemStatus: 'BadEventFilterInvalid', times: 2 })
  const rig = await open()
  assert.match(rig.device.reasonOf!(1)!, /Its events come without HighLimit\.$/)
  await server.ask('alarm', { name: 'Level', value: 85 })
  const raised = await rig.heard(1, ({ message }) => message === 'Condition is 85.000 and state is High')
  assert.deepEqual([raised.condition, raised.typeName], [undefined, 'ExclusiveLimitAlarmType'])
})

test(
  'through the gateway: an event is in the log, an acknowledgement is a write, and the last event stays',
  { skip },
  async (t) => {
    const server = await startFaultyServer(t, { alarms: ['Level'] })
    const tags = [
      { name: 'alarms', address: 'events i=2253 :: type = i=2915', type: 'string', writable: true },
      { name: 'locked', address: 'events i=2253', type: 'string' },
    ] as const
    const { gateway, see, last, rows } = await startOpcuaRig(t, server.url, tags)
    await see('alarms', 'the server listens', ({ status }) => status === Status.GoodNoData)
    await server.ask('alarm', { name: 'Level', value: 85 })
    const raised = await see('alarms', 'the alarm', ({ value }) => String(value).includes('"active":true'))
    assert.deepEqual([raised.status, raised.historical], [Status.Good, false])
    const write = (tag: string, value: unknown) =>
      gateway.commands.write({ device: 'ua', tag, value, user: 'anna', from: 'test' })
    const result = await write('alarms', '{"acknowledge": "Level", "comment": "seen"}')
    assert.deepEqual(
      [result.status, result.remark],
      [Status.Good, 'Acknowledged Level of 2:Tank with the comment "seen".'],
    )
    await see('alarms', 'the acknowledgement', ({ value }) => String(value).includes('"acked":true'))
    assert.equal(last('alarms')?.status, Status.Good)
    assert.ok(rows('alarms').every(({ status }) => status !== Status.BadNotReadable))
    await assert.rejects(
      write('alarms', '{"acknowledge": "Nobody"}'),
      /No condition and no event "Nobody" has been heard of/,
    )
    await assert.rejects(write('locked', '{"acknowledge": "Level"}'), /is not marked as writable/)
    await server.ask('restart', { downMs: 100 })
    await see(
      'alarms',
      'the connection is lost',
      ({ status }) => status === Status.UncertainNoCommunicationLastUsableValue,
    )
    await see('alarms', 'the server listens again', () => last('alarms')?.status === Status.GoodNoData, 15_000)
  },
)
