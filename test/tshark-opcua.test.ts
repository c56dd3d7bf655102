/**
 * tshark's opinion of what our client says to an OPC UA server, in a session without encryption: nothing is malformed, the services are those
 * that are needed and in their order, and what is asked for is what the options say.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { needsAsyncua, PLANT, startAsyncuaServer } from '../src/testing/asyncua.ts'
import { run } from '../src/testing/modbus-strangers.ts'
import { startOpcuaRig } from '../src/testing/opcua-rig.ts'
import { toPcap } from '../src/testing/pcap.ts'
import { eventually, findCommand, needs, temporaryFolder } from '../src/testing/peers.ts'

const P = `nsu=${PLANT};s=`
const PORT = 4840

interface Chunk {
  readonly toServer: boolean
  readonly bytes: Uint8Array
}

/** Hands everything on between clients and the server, and keeps it: one list a connection. */
async function startRecorder(t: TestContext, port: number): Promise<{ url: string; connections: Chunk[][] }> {
  const connections: Chunk[][] = []
  const server = createServer((client) => {
    const chunks: Chunk[] = []
    connections.push(chunks)
    const far = connect(port, '127.0.0.1')
    for (const [from, to, toServer] of [[client, far, true], [far, client, false]] as const) {
      from.on('data', (bytes: Buffer) => {
        chunks.push({ toServer, bytes })
        to.write(bytes)
      })
      from.on('close', () => to.destroy())
      from.on('error', () => to.destroy())
    }
  }) // prettier-ignore
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { url: `opc.tcp://127.0.0.1:${(server.address() as { port: number }).port}`, connections }
}

const FIELDS = [
  'opcua.transport.type', 'opcua.servicenodeid.numeric', 'opcua.RequestedPublishingInterval', 'opcua.RequestedLifetimeCount',
  'opcua.RequestedMaxKeepAliveCount', 'opcua.SamplingInterval', 'opcua.QueueSize', 'opcua.DiscardOldest', 'opcua.DeadbandType',
  'opcua.DeadbandValue', 'opcua.SequenceNumber', 'opcua.Password', 'opcua.transport.endpoint',
] as const // prettier-ignore
type Field = (typeof FIELDS)[number]

interface Message {
  readonly toServer: boolean
  readonly malformed: string
  /** All values of a field, in order. */
  of(field: Field): readonly string[]
}

async function dissect(t: TestContext, chunks: readonly Chunk[]): Promise<Message[]> {
  const file = join(temporaryFolder(t), 'session.pcap')
  writeFileSync(file, toPcap(chunks, PORT))
  const asked = ['tcp.dstport', '_ws.malformed', '_ws.expert.severity', ...FIELDS].flatMap((field) => ['-e', field])
  const { stdout } = await run(findCommand('tshark') ?? 'tshark', ['-r', file, '-T', 'fields', '-E', 'aggregator=;', ...asked]) // prettier-ignore
  return stdout
    .replace(/\n$/, '')
    .split('\n')
    .map((row) => {
      const [port, malformed, , ...cells] = row.split('\t')
      return {
        toServer: port === String(PORT),
        malformed: malformed!,
        of: (field) => (cells[FIELDS.indexOf(field)] ?? '').split(';').filter((value) => value !== ''),
      }
    })
}

/** Numbers of the requests' encodings (OPC 10000-6, A.2). */
const SERVICES: Readonly<Record<string, string>> = {
  446: 'OpenSecureChannel', 428: 'GetEndpoints', 461: 'CreateSession', 467: 'ActivateSession', 473: 'CloseSession', 631: 'Read', 673: 'Write',
  787: 'CreateSubscription', 751: 'CreateMonitoredItems', 826: 'Publish', 847: 'DeleteSubscriptions', 560: 'RegisterNodes', 452: 'CloseSecureChannel',
  712: 'Call', 554: 'TranslateBrowsePaths',
} // prettier-ignore

const skip = needs('tshark') || needsAsyncua()

test(
  'a session as tshark reads it: nothing malformed, what is needed in its order, and what the options say',
  { skip },
  async (t) => {
    const server = await startAsyncuaServer(t, { intervalMs: 100 })
    const recorder = await startRecorder(t, server.port)
    const tags = [
      { name: 'level', address: `${P}Counters/0`, deadband: { absolute: 0.5 } },
      { name: 'slow', address: `${P}Scalars/Double`, everyMs: 1000 },
      { name: 'polled', address: `poll ${P}Scalars/Int16`, type: 'int16' as const },
      { name: 'set', address: `${P}Writable/Int16`, type: 'int16' as const, writable: true },
    ]
    const options = { queueSize: 7, discardOldest: false, sessionTimeout: '30s', liveness: { keepAlive: '2s' } }
    const rig = await startOpcuaRig(t, recorder.url, tags, options, 200)
    await rig.see('polled', 'a value', ({ status }) => status === 0)
    await eventually('some notifications', () => rig.rows('level').length > 20)
    await rig.device.write([{ point: rig.device.points.find(({ settings }) => settings.name === 'set')!, value: -12 }], { deadlineMs: 5000, signal: new AbortController().signal }) // prettier-ignore
    await rig.gateway.stop()

    const [discovery, session, ...more] = await Promise.all(recorder.connections.map((chunks) => dissect(t, chunks)))
    assert.deepEqual(more, [], 'no connection beside these')
    for (const message of [...discovery!, ...session!]) assert.equal(message.malformed, '')
    const asked = (messages: readonly Message[]) =>
      messages.flatMap((one) =>
        one.toServer ? one.of('opcua.servicenodeid.numeric').map((id) => SERVICES[id] ?? id) : [],
      )
    assert.deepEqual([...new Set(asked(discovery!))], ['OpenSecureChannel', 'GetEndpoints', 'CloseSecureChannel'])
    // The library asks for the endpoints once more, by itself.
    const services = asked(session!).filter((service) => service !== 'GetEndpoints')
    assert.deepEqual(services.slice(0, 4), ['OpenSecureChannel', 'CreateSession', 'ActivateSession', 'Read'])
    assert.deepEqual(services.slice(-2), ['CloseSession', 'CloseSecureChannel'])
    for (const [service, least, most] of [['CreateSubscription', 2, 2], ['CreateMonitoredItems', 2, 2], ['Write', 1, 1], ['Publish', 4, 1000], ['CreateSession', 1, 1]] as const) {
    const count = services.filter((one) => one === service).length
    assert.ok(count >= least && count <= most, `${count} ${service}: ${services.join(' ')}`)
  } // prettier-ignore

    const sent = (field: Field) => session!.flatMap((one) => (one.toServer ? one.of(field) : []))
    assert.deepEqual(sent('opcua.RequestedPublishingInterval'), ['200', '1000'])
    assert.deepEqual(sent('opcua.RequestedMaxKeepAliveCount'), ['10', '2'])
    assert.deepEqual(sent('opcua.RequestedLifetimeCount'), ['150', '30'])
    assert.deepEqual(sent('opcua.SamplingInterval'), ['200', '200', '1000'])
    assert.deepEqual(sent('opcua.QueueSize'), ['7', '7', '7'])
    assert.deepEqual(sent('opcua.DiscardOldest'), ['0', '0', '0'])
    assert.deepEqual([sent('opcua.DeadbandType'), sent('opcua.DeadbandValue')], [['0x00000001'], ['0.5']])
    // Each notification is acknowledged once, and none that did not come.
    const acknowledged = sent('opcua.SequenceNumber')
    const came = session!.flatMap((one) => (one.toServer ? [] : one.of('opcua.SequenceNumber')))
    assert.ok(
      acknowledged.length > 5,
      `acknowledged ${acknowledged.join(' ')}, came ${came.join(' ')}; ${services.join(' ')}`,
    )
    assert.ok(acknowledged.every((number) => came.includes(number)))
  },
)
