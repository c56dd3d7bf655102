/** What people may do to a sink, against a real broker and by the command line: deliver again, let go, dead letters; each is audited. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { flatEvents } from '../src/testing/audit-lines.ts'
import { bifrost, startGatewayProcess } from '../src/testing/gateway-process.ts'
import { startMosquitto } from '../src/testing/mosquitto.ts'
import { subscribeMqtt } from '../src/testing/mqtt-subscriber.ts'
import { eventually, needs } from '../src/testing/peers.ts'

interface Sink {
  readonly state: string
  readonly routed: number
  readonly delivered: number
  readonly pending: number
  readonly dropped: Record<string, number>
  readonly balanced: boolean
  readonly replayed: number
  readonly replay: { state: string; delivered: number } | null
}

const skip = needs('mosquitto')

const yamlOf = (url: string): string => `
devices:
  - { name: plant, driver: simulated, every: 100ms, tags: [{ name: wave, address: 'sine:period=10s,min=0,max=10', type: float64 }] }
sinks:
  - { name: broker, sink: mqtt, options: { url: '${url}', qos: 1, topic: '{device}/{tag}' } }
`

test(
  'a sink over its command line: replay, purge and dead letters, with their lines in the audit',
  { skip },
  async (t) => {
    const broker = await startMosquitto(t)
    const subscriber = await subscribeMqtt(t, broker.url)
    const gateway = await startGatewayProcess(t, { yaml: yamlOf(broker.url) })
    const sink = async (): Promise<Sink> => (await gateway.get<{ sinks: Sink[] }>('sinks')).sinks[0]!
    const say = (...args: string[]) => bifrost('sink', ...args, '--url', gateway.url)
    const keys = () =>
      subscriber.messages
        .filter(({ topic }) => topic === 'plant/wave')
        .map(({ text }) => JSON.parse(text) as { seq: number; h?: boolean })
    await eventually('samples arrive', () => keys().length >= 20)

    const began = await say('replay', 'broker', '--from', '1h', '--reason', 'the historian lost a day')
    assert.deepEqual([began.code, /beside what comes/.test(began.err)], [0, true])
    await eventually('the replay is done', async () => (await sink()).replay?.state === 'done')
    const again = keys().filter(({ h }) => h === true)
    const { replayed, balanced } = await sink()
    assert.deepEqual([again.length, balanced], [replayed, true])
    const first = new Set(keys().filter(({ h }) => h !== true).map(({ seq }) => seq)) // prettier-ignore
    assert.ok(again.length >= 20 && again.every(({ seq }) => first.has(seq)), 'the same numbers as the first time')

    await broker.stop()
    await eventually('samples wait', async () => (await sink()).pending >= 10)
    const refused = await say('purge', 'broker')
    assert.deepEqual([refused.code, /--confirm broker/.test(refused.err)], [2, true])
    const purged = await say('purge', 'broker', '--confirm', 'broker', '--json')
    assert.equal(purged.code, 0)
    const { purged: count } = JSON.parse(purged.out) as { purged: number }
    assert.ok(count >= 10)
    await broker.start()
    await eventually('the gap is told', () =>
      subscriber.messages.some(({ topic, text }) => topic.endsWith('/gap') && text.includes('purged')),
    )
    const after = await sink()
    assert.deepEqual([after.dropped.purged, after.balanced], [count, true])

    const letters = await say('dead-letters', 'broker')
    assert.deepEqual([letters.code, letters.out], [0, ''])
    assert.equal((await say('dead-letters', 'broker', '--replay')).code, 0)
    const unknown = await say('replay', 'nobody', '--from', '1h')
    assert.deepEqual([unknown.code, /no sink nobody/.test(unknown.err)], [1, true])
    const listed = await say('list')
    assert.match(
      listed.out,
      /^broker {2}mqtt {2}Running\n {2}routed \d+ = delivered \d+ \+ pending \d+.* \+ dropped \d+ purged/,
    )

    const actions = flatEvents(join(gateway.folder, 'data'))
    assert.deepEqual(
      actions.map(({ object, action, outcome }) => `${object} ${action} ${outcome}`),
      [
        'sink broker replay requested',
        'sink broker purge requested',
        'sink broker purge done',
        'sink broker replay dead letters requested',
      ],
    )
    assert.match(actions[0]!.reason!, /the historian lost a day/)
    assert.equal(actions[2]!.what, `${count} samples`)
  },
)
