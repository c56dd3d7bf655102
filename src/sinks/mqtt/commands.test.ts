/** Commands by MQTT: what is carried out, what is not, and what is answered; against mosquitto. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { GatewayError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import type { CommandOutcome, SinkCommand, SinkType } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { batchOf, startDelivery, typedTable } from '../../testing/delivery-rig.ts'
import { startJudgingBroker } from '../../testing/judging-broker.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { startCommander } from '../../testing/mqtt-commander.ts'
import { startMqttWire } from '../../testing/mqtt-wire.ts'
import { eventually, needs } from '../../testing/peers.ts'
import { parseTopic } from '../encode/topic.ts'
import { CommandTopics } from './command-topics.ts'
import { mqtt } from './sink.ts'

const type = mqtt as unknown as SinkType
const options = { skip: needs('mosquitto'), timeout: 20_000 }
const SET = 'acme/press/level/set'
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const TAGS = typedTable(
  ['press/level', 'float64', { writable: true }],
  ['press/count', 'int64', { writable: true }],
  ['press/a+b', 'float64', { writable: true }],
  ['press/locked', 'float64'],
)

type Carry = (command: SinkCommand) => Promise<CommandOutcome>

const lastOf = (asked: readonly SinkCommand[]): SinkCommand => asked.at(-1)!

interface Order {
  readonly carry?: Carry
  readonly commands?: object
  readonly more?: object
  readonly protocolVersion?: 4 | 5
}

const taken: Carry = async ({ value }) => ({ status: Status.Good, readBack: value as number })

async function start(t: TestContext, { carry = taken, commands, more, protocolVersion = 5 }: Order = {}) {
  const broker = await startMosquitto(t)
  const wire = await startMqttWire(t, broker.port)
  const sender = await startCommander(t, broker.url, protocolVersion)
  const asked: SinkCommand[] = []
  const warnings: string[] = []
  const warn = (_: object, sentence: string) => void warnings.push(sentence)
  const context = {
    log: { ...silentLog, warn },
    command: async (command: SinkCommand) => {
      asked.push(command)
      return carry(command)
    },
  }
  const given = { url: wire.url, topic: 'acme/{device}/{tag}', protocolVersion, commands: { topic: 'acme/{device}/{tag}/set', ...commands }, ...more } // prettier-ignore
  const rig = startDelivery(t, type, given, { tags: TAGS, context })
  await eventually('subscribed', () => wire.of('subscribe').length === 1 && rig.runner.status().state === 'Running')
  return { broker, wire, sender, asked, warnings, rig }
}

for (const protocolVersion of [5, 4] as const) {
  test(`MQTT ${protocolVersion}: a value is written, read back and answered`, options, async (t) => {
    const { sender, asked, wire } = await start(t, { protocolVersion })
    assert.deepEqual(wire.of('subscribe')[0]!.subscriptions.map(({ topic, qos }) => [topic, qos]), [['acme/+/+/set', 1]]) // prettier-ignore
    const { body } = await sender.ask(SET, '12.5')
    assert.deepEqual([body.ok, body.status, body.readBack, typeof body.t, 'id' in body], [true, 0, 12.5, 'number', false]) // prettier-ignore
    const [command] = asked
    assert.deepEqual([command!.device, command!.tag, command!.value, command!.user, command!.from], ['press', 'level', 12.5, 'mqtt', `plant ${SET}`]) // prettier-ignore
    assert.ok(command!.deadlineMs! > 8000 && command!.deadlineMs! <= 10_000)
    const named = await sender.ask(SET, { value: 3, id: 'a1', user: 'ada', reason: 'a test' })
    assert.deepEqual([named.body.id, named.body.readBack], ['a1', 3])
    assert.deepEqual([asked[1]!.user, asked[1]!.reason], ['mqtt: ada', 'a test'])
  })
}

test('a response topic and correlation data are used where the sender gives them', options, async (t) => {
  const { sender } = await start(t)
  const correlationData = Buffer.from('c-7')
  const { topic, body, correlation } = await sender.ask(SET, '1', { properties: { responseTopic: 'replies/ada', correlationData } }) // prettier-ignore
  assert.deepEqual([topic, body.ok, correlation], ['replies/ada', true, 'c-7'])
  // One that would make the answer a command again is not used.
  await sender.send(SET, '2', { properties: { responseTopic: 'acme/press/count/set' } })
  await eventually('answered beside it', () => sender.answers.some((answer) => answer.topic === `${SET}/reply`))
})

test('topics lead to tags whose names the topic rules have changed', options, async (t) => {
  const { sender, asked } = await start(t)
  assert.equal((await sender.ask('acme/press/a_b/set', '5')).body.ok, true)
  assert.equal(asked[0]!.tag, 'a+b')
})

test('bad input: each has a clear answer, is carried out nowhere and is logged once', options, async (t) => {
  const { sender, asked, warnings } = await start(t)
  const bad: readonly (readonly [payload: string | Buffer, code: string, sentence: RegExp])[] = [
    ['NaN', 'INVALID_REQUEST', /a command is JSON/],
    ['{"value":1', 'INVALID_REQUEST', /a command is JSON/],
    ['', 'INVALID_REQUEST', /a command is JSON/],
    [Buffer.from([0x22, 0xff, 0x22]), 'INVALID_REQUEST', /a command is JSON/],
    ['{}', 'INVALID_REQUEST', /has a "value"/],
    ['{"value":1,"expires":5}', 'INVALID_REQUEST', /has no "expires"/],
    ['{"value":1,"t":"now"}', 'INVALID_REQUEST', /"t" of a command is a time in ms/],
    ['[1]', 'INVALID_VALUE', /a number, true, false or text/],
    [`{"value":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'INVALID_VALUE', /a number, true, false or text/],
    ['{"value":1,"id":{}}', 'INVALID_REQUEST', /"id" of a command is text/],
    [`"${'x'.repeat(70_000)}"`, 'BODY_TOO_LARGE', /at most 65536 bytes/],
  ]
  for (let round = 0; round < 2; round++) {
    for (const [payload, code, sentence] of bad) {
      const { body } = await sender.ask(SET, payload)
      assert.deepEqual([body.ok, body.code], [false, code], payload.toString().slice(0, 40))
      assert.match(String(body.error), sentence)
    }
  }
  const unknown = await sender.ask('acme/press/nosuch/set', { value: 1, id: 'b2' })
  assert.deepEqual([unknown.body.id, unknown.body.code], ['b2', 'NOT_FOUND'])
  assert.deepEqual(asked, [])
  assert.equal(new Set(warnings).size, warnings.length)
})

test('what has expired is answered so and never carried out; the earliest bound counts', options, async (t) => {
  const { sender, asked } = await start(t, { commands: { maxAge: '5s' } })
  const now = Date.now()
  for (const payload of [
    { value: 1, t: now - 6000 },
    { value: 1, expiresAt: now - 1 },
    { value: 1, t: now, expiresAt: now - 10 },
    { value: 1, t: now - 6000, expiresAt: now + 60_000 },
  ])
    assert.equal((await sender.ask(SET, payload)).body.code, 'WRITE_EXPIRED', JSON.stringify(payload))
  assert.deepEqual(asked, [])
  for (const [payload, least, most] of [
    [{ value: 1, t: now - 3000 }, 0, 2000],
    [{ value: 1, expiresAt: now + 60_000 }, 50_000, 60_000],
    [{ value: 1, t: now, expiresAt: now + 4000 }, 1000, 4000],
    [{ value: 1 }, 4000, 5000],
    [{ value: 1, t: now + 86_400_000 }, 4000, 5000],
    [{ value: 1, expiresAt: now + 86_400_000_000 }, 3_000_000, 3_600_000],
  ] as const) {
    assert.equal((await sender.ask(SET, payload)).body.ok, true)
    const { deadlineMs }: SinkCommand = lastOf(asked)
    assert.ok(deadlineMs! > least && deadlineMs! <= most, `${deadlineMs} for ${JSON.stringify(payload)}`)
  }
  await sender.ask(SET, '1', { properties: { messageExpiryInterval: 2 } })
  assert.ok(lastOf(asked).deadlineMs! <= 2000)
})

test('a repeat is answered with the first outcome and not carried out again', options, async (t) => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const carry: Carry = async (command) => {
    await held
    return taken(command)
  }
  const { sender, asked } = await start(t, { carry })
  const correlationData = Buffer.from([1, 2])
  await sender.send(SET, { value: 1, id: 'a' })
  await sender.send(SET, { value: 1, id: 'a' })
  await sender.send(SET, '2', { properties: { responseTopic: 'replies/x', correlationData } })
  await sender.send(SET, '2', { properties: { responseTopic: 'replies/x', correlationData } })
  release()
  await eventually('four answers', () => sender.answers.length === 4)
  assert.equal((await sender.ask(SET, { value: 1, id: 'a', t: Date.now() })).body.readBack, 1)
  // Nobody is told that 9 was written.
  const other = await sender.ask(SET, { value: 9, id: 'a' })
  assert.deepEqual([other.body.ok, other.body.code], [false, 'INVALID_REQUEST'])
  assert.match(String(other.body.error), /the id "a" was that of another command/)
  assert.deepEqual(asked.map(({ value }) => value), [1, 2]) // prettier-ignore
  // The same id for another tag is another command; without an id each is a command of its own.
  await sender.ask('acme/press/count/set', { value: '7', id: 'a' })
  await sender.ask(SET, '3')
  await sender.ask(SET, '3')
  assert.deepEqual(asked.map(({ value }) => value), [1, 2, '7', 3, 3]) // prettier-ignore
})

test('two senders with the same correlation data, or one that counts anew, are no repeats', options, async (t) => {
  const { sender, asked } = await start(t)
  const correlationData = Buffer.from([1])
  const ask = (value: string, responseTopic: string) => sender.ask(SET, value, { properties: { responseTopic, correlationData } }) // prettier-ignore
  assert.equal((await ask('1', 'replies/ada')).body.readBack, 1)
  assert.equal((await ask('1', 'replies/bob')).body.readBack, 1)
  assert.equal((await ask('2', 'replies/ada')).body.readBack, 2)
  assert.equal((await ask('2', 'replies/ada')).body.readBack, 2)
  assert.deepEqual(asked.map(({ value }) => value), [1, 1, 2]) // prettier-ignore
})

test('an answer that the broker would not take does not end the connection', options, async (t) => {
  const broker = await startMosquitto(t, { extra: ['max_packet_size 400'] })
  const wire = await startMqttWire(t, broker.port)
  const sender = await startCommander(t, broker.url)
  const asked: SinkCommand[] = []
  const command = async (given: SinkCommand) => (asked.push(given), { status: Status.Good, readBack: 1 })
  const given = { url: wire.url, topic: 'acme/{device}/{tag}', commands: { topic: 'acme/{device}/{tag}/set' } }
  const rig = startDelivery(t, type, given, { tags: TAGS, context: { command } })
  await eventually('subscribed', () => wire.of('subscribe').length === 1 && rig.runner.status().state === 'Running')
  await sender.send(SET, '1', { properties: { responseTopic: 'replies/x', correlationData: Buffer.alloc(350, 1) } })
  await eventually('carried out', () => asked.length === 1)
  assert.equal((await sender.ask(SET, '2')).body.ok, true)
  assert.equal(rig.runner.status().reconnects, 0)
  assert.equal(sender.answers.length, 1)
})

test('answers that a slow broker does not take are bounded', options, async (t) => {
  const broker = await startJudgingBroker(t, () => 0, { ackDelayMs: 5 })
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_: object, sentence: string) => void warnings.push(sentence) }
  const given = { url: broker.url, topic: 'acme/{device}/{tag}', commands: { topic: 'acme/{device}/{tag}/set' } }
  const rig = startDelivery(t, type, given, { tags: TAGS, context: { log } })
  await eventually('subscribed', () => rig.runner.status().state === 'Running')
  const answers = () => broker.taken.filter(([topic]) => topic.endsWith('/reply')).length
  for (let at = 0; at < 2000; at++) broker.deliver(SET, 'nonsense')
  await eventually('it is said', () => warnings.some((each) => /faster than their answers go/.test(each)))
  await eventually('the first ones are given', () => answers() >= 200)
  await pause(200)
  const before = answers()
  assert.ok(before < 1000, `${before}`)
  broker.deliver(SET, 'more')
  await eventually('and go on', () => answers() > before)
})

test('answers go to no topic of the broker, nor to one that the cloud would not take', options, async (t) => {
  const { sender } = await start(t)
  await sender.send(SET, '1', { properties: { responseTopic: '$aws/things/x/shadow/update' } })
  await eventually('answered beside it', () => sender.answers.some((answer) => answer.topic === `${SET}/reply`))
})

test('a refusal is answered with its code, and the next command is carried out', options, async (t) => {
  const carry: Carry = async (command) => {
    if (command.tag === 'locked') throw new GatewayError('WRITE_FORBIDDEN', 'press/locked is not writable')
    if (command.value === 7) throw new GatewayError('WRITE_FAILED', 'reads back 6', { details: { status: 0, readBack: 6 } }) // prettier-ignore
    return taken(command)
  }
  const { sender } = await start(t, { carry })
  const forbidden = await sender.ask('acme/press/locked/set', '1')
  assert.deepEqual([forbidden.body.ok, forbidden.body.code, forbidden.body.error], [false, 'WRITE_FORBIDDEN', 'press/locked is not writable']) // prettier-ignore
  const failed = await sender.ask(SET, '7')
  assert.deepEqual([failed.body.code, failed.body.status, failed.body.readBack], ['WRITE_FAILED', 0, 6])
  assert.equal((await sender.ask(SET, '8')).body.ok, true)
})

test('a retained command is never carried out', options, async (t) => {
  const { sender, asked, warnings, wire } = await start(t)
  await sender.send(SET, '2', { retain: true })
  await eventually('once, as it was published just now', () => asked.length === 1)
  wire.cut()
  await eventually('subscribed again', () => wire.of('subscribe').length === 2)
  await eventually('said', () => warnings.some((each) => /retained command is not carried out/.test(each)))
  assert.equal(asked.length, 1)
})

test('a command that is given while the sink is away is not carried out when it comes back', options, async (t) => {
  const { sender, asked, wire, rig } = await start(t, { commands: { maxAge: 200 } })
  wire.refuse(true)
  wire.cut()
  await eventually('away', () => rig.runner.status().state !== 'Running')
  await sender.send(SET, { value: 1, id: 'missed' })
  await pause(300)
  wire.refuse(false)
  await eventually('subscribed again', () => wire.of('subscribe').length >= 2)
  assert.equal((await sender.ask(SET, { value: 2, id: 'later' })).body.ok, true)
  assert.ok(wire.of('connect').every(({ clean }) => clean === true))
  assert.deepEqual(asked.map(({ value }) => value), [2]) // prettier-ignore
})

test(
  'commands that a device does not get done are bounded, and those that wait too long are not begun',
  options,
  async (t) => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const carry: Carry = async (command) => {
      await held
      return taken(command)
    }
    const { sender, asked } = await start(t, { carry, commands: { maxAge: 2000 } })
    await Promise.all(Array.from({ length: 110 }, (_, value) => sender.send(SET, { value, id: `n${value}` })))
    await eventually('ten are refused', () => sender.answers.filter(({ body }) => body.code === 'BUSY').length === 10)
    await pause(2100)
    release()
    await eventually('all are answered', () => sender.answers.length === 110)
    assert.deepEqual(sender.answers.filter(({ body }) => body.code === 'WRITE_EXPIRED').length, 99)
    assert.equal(asked.length, 1)
    // One that was refused for that is no repeat.
    assert.equal((await sender.ask(SET, { value: 5, id: 'n109' })).body.ok, true)
  },
)

test('without commands nothing is subscribed to and nothing is written', options, async (t) => {
  const broker = await startMosquitto(t)
  const wire = await startMqttWire(t, broker.port)
  const sender = await startCommander(t, broker.url)
  const asked: SinkCommand[] = []
  const command = async (given: SinkCommand) => (asked.push(given), { status: 0, readBack: 1 })
  const rig = startDelivery(
    t,
    type,
    { url: wire.url, topic: 'acme/{device}/{tag}' },
    { tags: TAGS, context: { command } },
  )
  rig.cursor.append(batchOf([[1, 1]]))
  await eventually('delivered', () => rig.cursor.ledger().delivered === 1)
  await sender.send(SET, '1')
  await pause(100)
  assert.deepEqual([wire.of('subscribe').length, asked.length], [0, 0])
})

test('a broker that refuses the subscription gets samples all the same; it is said once, and to people', async (t) => {
  const broker = await startJudgingBroker(t, () => 0, { refuseSubscriptions: true })
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_: object, sentence: string) => void warnings.push(sentence) }
  const rig = startDelivery(t, type, { url: broker.url, commands: { topic: 'c/{device}/{tag}' } }, { tags: TAGS, context: { log } }) // prettier-ignore
  rig.cursor.append(batchOf([[1, 1]]))
  await eventually('delivered', () => rig.cursor.ledger().delivered === 1)
  assert.match(String(rig.runner.status().facts.commands), /refused the subscription to "c\/\+\/\+": not authorized/)
  broker.cut()
  await eventually('connected again', () => rig.runner.status().reconnects >= 1)
  assert.equal(warnings.filter((each) => /refused the subscription/.test(each)).length, 1)
})

test('no answers: replyTopic empty; or in a topic of their own', options, async (t) => {
  const quiet = await start(t, { commands: { replyTopic: '' } })
  await quiet.sender.send(SET, '1')
  await eventually('carried out', () => quiet.asked.length === 1)
  await pause(100)
  assert.deepEqual(quiet.sender.answers, [])
  const own = await start(t, { commands: { replyTopic: 'replies/{tag}' } })
  await own.sender.send(SET, '1')
  await eventually('answered', () => own.sender.answers.some(({ topic }) => topic === 'replies/level'))
})

test('answers come while samples are on their way, and both together keep to what the broker takes at once', async (t) => {
  const broker = await startJudgingBroker(t, () => 0, { receiveMaximum: 3, ackDelayMs: 5 })
  const given = { url: broker.url, topic: 'acme/{device}/{tag}', commands: { topic: 'acme/{device}/{tag}/set' } }
  const command = async () => ({ status: Status.Good, readBack: 1 })
  const rig = startDelivery(t, type, given, { tags: TAGS, context: { command } })
  await eventually('subscribed', () => rig.runner.status().state === 'Running')
  rig.cursor.append(batchOf(Array.from({ length: 60 }, (_, at) => [1, at] as const)))
  const answers = () => broker.taken.filter(([topic]) => topic.endsWith('/reply')).length
  for (let asked = 1; asked <= 5; asked++) {
    broker.deliver(SET, `${asked}`)
    await eventually('answered', () => answers() === asked)
  }
  assert.ok(rig.cursor.ledger().pending > 0, 'samples were still on their way')
  await eventually('delivered', () => rig.cursor.ledger().delivered === 60)
  assert.equal(broker.mostUnconfirmed, 3)
})

test('what is subscribed to: one level for what depends on a tag, more where names make deeper ones; the gateway by its name', () => {
  const filters = (topic: string, slashes: 'replace' | 'levels') => {
    const templates = { topic: parseTopic(topic), reply: undefined, slashes, client: 'gw/1', log: 'k3f9' } as const
    return new CommandTopics(templates, typedTable(['press/a', 'bool'], ['press/b/c', 'bool'])).filters()
  }
  assert.deepEqual(filters('acme/{device}/{tag}/set', 'replace'), ['acme/+/+/set'])
  assert.deepEqual(filters('acme/{device}-x/set', 'replace'), ['acme/+/set'])
  assert.deepEqual(filters('acme/{client}/{log}/{tag}', 'replace'), ['acme/gw_1/k3f9/+'])
  assert.deepEqual(filters('acme/{device}/{tag}/set', 'levels').sort(), ['acme/+/+/+/set', 'acme/+/+/set'])
})

test('conflicts: two tags by one command, and topics that would come back as commands', () => {
  const tags = [{ device: 'p', name: 'a' }, { device: 'p', name: 'b/c' }] // prettier-ignore
  const conflicts = (commands: object, more: object = {}) => {
    const given = { url: 'mqtt://x', topic: 's/{device}/{tag}', ...more, commands }
    return mqtt.conflicts!(mqtt.options.parse(given), tags).join()
  }
  assert.equal(conflicts({ topic: 'c/{device}/{tag}' }), '')
  assert.equal(conflicts({ topic: 's/{device}/{tag}/set' }), '')
  assert.match(
    conflicts({ topic: 'c/{device}' }),
    /commands of "p\/a" and commands of "p\/b\/c" would share the topic "c\/p"/,
  )
  assert.match(conflicts({ topic: 's/{device}/{tag}' }), /samples in "s\/p\/a" would come back as commands/)
  assert.match(conflicts({ topic: '{device}/x/{tag}' }, { topic: 's/x/{tag}' }), /samples in "s\/x\/a" would come back/)
  assert.match(
    conflicts({ topic: 'c/{device}/{tag}', replyTopic: 'c/x/{tag}' }),
    /answers in "c\/x\/a" would come back/,
  )
  assert.match(conflicts({ topic: 'c/{device}/{tag}' }, { statusTopic: 'c/x/y' }), /the status in "c\/x\/y"/)
  // With slashes as levels the filter has as many levels as a name, and a reply behind a shorter one looks like a command.
  const levels = conflicts({ topic: 'c/{device}/{tag}' }, { slashes: 'levels' })
  assert.match(levels, /answers in "c\/p\/a\/reply" would come back/)
})
