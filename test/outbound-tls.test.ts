/**
 * Every client that can connect by TLS, against servers whose certificate is of no use: each refuses by itself, in a plain sentence, and sends
 * not a byte. The same with `insecure: true` is the control: there the bytes come, so that it is the certificate that was refused.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { modbus } from '../src/drivers/modbus/driver.ts'
import { messageOf } from '../src/core/errors.ts'
import { sinkByName, sinks } from '../src/sinks/index.ts'
import { createAuthority, createCertificate, type KeyPair } from '../src/testing/certificates.ts'
import { batchOf, startDelivery, tagSettings, tagTable } from '../src/testing/delivery-rig.ts'
import { testContext } from '../src/testing/driver-suite.ts'
import { startEar, type Opening } from '../src/testing/listening-ear.ts'
import { eventually, needs, temporaryFolder } from '../src/testing/peers.ts'
import { dial } from '../src/wire/dial.ts'

const skip = needs('openssl')

interface Trust {
  readonly ca?: string
  readonly insecure?: boolean
}

interface Client {
  readonly opening?: Opening
  /** Connects, and sends something as soon as it may; what it says of its trouble. */
  start(t: TestContext, port: number, trust: Trust): () => string
}

/** A sink with one sample to deliver. */
const sink =
  (name: string, options: (port: number, trust: Trust) => object): Client['start'] =>
  (t, port, trust) => {
    const { runner, cursor } = startDelivery(t, sinkByName(name)!, options(port, trust), {
      tags: tagTable('press/level'),
    })
    cursor.append(batchOf([[1, 1.5]]))
    return () => runner.status().reason ?? ''
  }

const CLIENTS: Record<string, Client> = {
  mqtt: { start: sink('mqtt', (port, trust) => ({ url: `mqtts://127.0.0.1:${port}`, ...trust })) },
  'mqtt over WebSocket': { start: sink('mqtt', (port, trust) => ({ url: `wss://127.0.0.1:${port}`, ...trust })) },
  sparkplug: {
    start: sink('sparkplug', (port, trust) => ({ urls: `mqtts://127.0.0.1:${port}`, groupId: 'g', edgeNodeId: 'e', ...trust })), // prettier-ignore
  },
  kafka: { start: sink('kafka', (port, trust) => ({ brokers: [`127.0.0.1:${port}`], tls: true, ...trust })) },
  nats: {
    opening: 'nats',
    start: sink('nats', (port, trust) => ({ servers: [`nats://127.0.0.1:${port}`], tls: true, ...trust })),
  },
  redis: { start: sink('redis', (port, trust) => ({ url: `rediss://127.0.0.1:${port}`, ...trust })) },
  postgres: {
    opening: 'postgres',
    start: sink('postgres', (port, trust) => ({ url: `postgres://127.0.0.1:${port}/plant`, tls: true, username: 'u', ...trust })), // prettier-ignore
  },
  influx: {
    start: sink('influx', (port, trust) => ({
      url: `https://127.0.0.1:${port}`,
      version: 1,
      database: 'plant',
      ...trust,
    })),
  },
  http: { start: sink('http', (port, trust) => ({ url: `https://127.0.0.1:${port}/in`, ...trust })) },
  prometheus: {
    start: sink('prometheus', (port, trust) => ({ url: `https://127.0.0.1:${port}/api/v1/write`, ...trust })),
  },
  bifrost: { start: sink('bifrost', (port, trust) => ({ host: '127.0.0.1', port, gateway: 'edge-1', ...trust })) },
  'modbus (device)': { start: modbusDevice },
}

/** Those without TLS: the file system, and a server with the certificates of OPC UA (`wire/certificates/verdict.test.ts`). */
const WITHOUT = ['file', 'opcua-server']

/** A device as polling would ask it. */
function modbusDevice(t: TestContext, port: number, { ca, insecure = false }: Trust): () => string {
  const options = modbus.options.parse({ host: '127.0.0.1', port, transport: 'tls', tls: { ca, insecure } })
  const driver = modbus.create(options, { ...testContext('press'), dial })
  const { signal } = new AbortController()
  let reason = ''
  const settings = tagSettings('level', 'uint16', { address: 'hr:0' })
  void driver
    .connect(signal)
    .then(() =>
      driver.prepare([{ tag: 1, address: modbus.parseAddress('hr:0'), settings }]).read(0, () => undefined, signal),
    )
    .catch((error: unknown) => (reason = messageOf(error)))
  t.after(() => driver.close())
  return () => reason
}

interface Certificates {
  readonly pair: KeyPair
  readonly ca?: string
}

function certificates(folder: string): Record<string, Certificates & { readonly says?: RegExp }> {
  const authority = createAuthority(folder, 'plant-ca')
  const ca = authority.cert
  return {
    'self-signed': {
      pair: createAuthority(folder, 'lonely'),
      ca,
      says: /self-signed and its authority is unknown|authority is unknown/,
    },
    expired: {
      pair: createCertificate(folder, 'expired', authority, '127.0.0.1', -1),
      ca,
      says: /its certificate has expired/,
    },
    'for another host': {
      pair: createCertificate(folder, 'elsewhere', authority, 'elsewhere.plant'),
      ca,
      says: /host name mismatch/,
    },
    'of an unknown authority': {
      pair: createCertificate(folder, 'good', authority, '127.0.0.1'),
      says: /authority is unknown/,
    },
    good: { pair: createCertificate(folder, 'best', authority, '127.0.0.1'), ca },
  }
}

test('every sink is in this table, or has no TLS', () => {
  const known = new Set([...Object.keys(CLIENTS), ...WITHOUT])
  assert.deepEqual(
    sinks.map(({ name }) => name).filter((name) => !known.has(name)),
    [],
  )
})

for (const [name, { opening = 'tls', start }] of Object.entries(CLIENTS)) {
  test(`${name}: no certificate that is of no use is taken, unless insecure: true says so`, { skip }, async (t) => {
    for (const [kind, { pair, ca, says }] of Object.entries(certificates(temporaryFolder(t)))) {
      const trust: Trust = ca === undefined ? {} : { ca }
      const ear = await startEar(t, pair, opening)
      const reason = start(t, ear.port, trust)
      if (says === undefined) {
        await eventually(`${kind}: bytes come`, () => ear.heard() > 0)
        continue
      }
      await eventually(`${kind}: it says why`, () => says.test(reason()))
      assert.equal(ear.heard(), 0, `${kind}: not a byte may come`)
      assert.equal(ear.plain(), 0, `${kind}: nor beside TLS`)
      const careless = await startEar(t, pair, opening)
      start(t, careless.port, { ...trust, insecure: true })
      await eventually(`${kind}, insecure: bytes come`, () => careless.heard() > 0)
    }
  })
}

test('NODE_TLS_REJECT_UNAUTHORIZED=0 turns off no check of ours', { skip }, async (t) => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.after(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
  const { pair, ca, says } = certificates(temporaryFolder(t))['self-signed']!
  for (const { opening = 'tls', start } of Object.values(CLIENTS)) {
    const ear = await startEar(t, pair, opening)
    const reason = start(t, ear.port, { ca: ca! })
    await eventually('it says why', () => says!.test(reason()))
    assert.equal(ear.heard(), 0)
  }
})
