/** Commands by MQTT through a whole gateway: written to a device, read back, audited; or refused for the reason that the gateway has. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SinkType } from '../src/core/sink.ts'
import { mqtt } from '../src/sinks/mqtt/sink.ts'
import { mqttOptions } from '../src/sinks/mqtt/options.ts'
import { flatEvents } from '../src/testing/audit-lines.ts'
import { FakeDevice, fakeDriver } from '../src/testing/fake-driver.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { startMosquitto } from '../src/testing/mosquitto.ts'
import { startCommander } from '../src/testing/mqtt-commander.ts'
import { eventually, needs } from '../src/testing/peers.ts'

const type = mqtt as unknown as SinkType

test(
  'a command by MQTT is written to the device, read back, answered and audited',
  { skip: needs('mosquitto'), timeout: 30_000 },
  async (t) => {
    const broker = await startMosquitto(t)
    const sender = await startCommander(t, broker.url)
    const device = new FakeDevice()
    const given = { url: broker.url, topic: 'acme/{device}/{tag}', commands: { topic: 'acme/{device}/{tag}/set' } }
    const gateway = await startTestGateway(t, {
      devices: [
        {
          name: 'press',
          type: fakeDriver,
          options: { line: 'one', device },
          tags: [
            { name: 'level', writable: true, writeMax: 100 },
            { name: 'whole', type: 'int16', writable: true },
            { name: 'locked' },
          ],
        },
      ],
      sinks: [
        { name: 'broker', type, options: mqttOptions.parse(given), enabled: true, replay: { order: 'in-order' } },
      ],
    })
    await eventually('samples flow', () => (gateway.runners[0]?.status().delivered ?? 0) > 0)
    const ask = (tag: string, payload: object | string) => sender.ask(`acme/press/${tag}/set`, payload)

    const written = await ask('level', { value: 12.5, id: 'a', user: 'ada', reason: 'warm up' })
    assert.deepEqual(
      [written.body.id, written.body.ok, written.body.status, written.body.readBack],
      ['a', true, 0, 12.5],
    )
    const refused = async (tag: string, payload: object | string) => {
      const { body } = await ask(tag, payload)
      return [body.ok, body.code]
    }
    assert.deepEqual(await refused('locked', '1'), [false, 'WRITE_FORBIDDEN'])
    assert.deepEqual(await refused('level', '"text"'), [false, 'INVALID_VALUE'])
    assert.deepEqual(await refused('level', 'null'), [false, 'INVALID_VALUE'])
    assert.deepEqual(await refused('level', '1e999'), [false, 'INVALID_VALUE'])
    assert.deepEqual(await refused('level', '101'), [false, 'INVALID_VALUE'])
    assert.deepEqual(await refused('whole', '70000'), [false, 'INVALID_VALUE'])
    assert.deepEqual(await refused('level', { value: 1, expiresAt: Date.now() - 1 }), [false, 'WRITE_EXPIRED'])
    assert.equal((await ask('level', { value: 12.5, id: 'a' })).body.readBack, 12.5, 'the first outcome')
    assert.deepEqual(await refused('level', { value: 99, id: 'a' }), [false, 'INVALID_REQUEST'])
    const writes = device.requests.filter(({ what }) => what.startsWith('w'))
    assert.equal(writes.length, 1)

    const audit = flatEvents(gateway.config.data)
    const first = audit.find(({ outcome }) => outcome === 'written')!
    assert.deepEqual(
      [first.user, first.from, first.reason, first.after],
      ['mqtt: ada', 'broker acme/press/level/set', 'warm up', 12.5],
    )
    assert.ok(audit.some(({ object, outcome }) => object === 'tag press/locked' && outcome !== 'written'))
  },
)
