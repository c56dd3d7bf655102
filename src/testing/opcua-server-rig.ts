/** The opcua-server sink on a free port with a certificate folder of its own, and clients that nobody here wrote. */
import { join } from 'node:path'
import { SampleBatch } from '../core/batch.ts'
import type { SinkContext } from '../core/sink.ts'
import type { TagTable } from '../core/tags.ts'
import { createOpcuaServer, opcuaServer, type OpcuaServerSink } from '../sinks/opcua-server/sink.ts'
import { startAsyncuaClient, type AsyncuaClientSettings, type PeerValue } from './asyncua.ts'
import { batchOf, sinkContext, type Row } from './delivery-rig.ts'
import { freePort, temporaryFolder, type Cleanup } from './peers.ts'
import type { SteeredProcess } from './steered-process.ts'

export const NAMESPACE = 'urn:bifrost-gateway:bifrost'

/** Options for a test: without security unless it says otherwise. */
export const openOptions = (port: number, more: object = {}): object => ({
  port,
  host: '127.0.0.1',
  insecure: true,
  anonymous: true,
  ...more,
})

export interface OpcuaServerRig {
  readonly sink: OpcuaServerSink
  readonly url: string
  /** The certificate folder. */
  readonly certificates: string
  readonly lines: string[]
  /** Shows rows, numbered on from those before. */
  write(...rows: Row[]): Promise<unknown>
  client(more?: Partial<AsyncuaClientSettings>): Promise<SteeredProcess>
}

const never = new AbortController().signal

/** Connected, and closed when the test ends. */
export async function startOpcuaServer(
  t: Cleanup,
  tags: TagTable,
  more: { readonly options?: object; readonly context?: Partial<SinkContext> } = {},
): Promise<OpcuaServerRig> {
  const port = await freePort()
  const certificates = join(temporaryFolder(t), 'certificates')
  const lines: string[] = []
  const say = (_: object, sentence: string): void => void lines.push(sentence)
  const log = { debug: say, info: say, warn: say, error: say, child: () => log }
  const options = opcuaServer.options.parse(openOptions(port, more.options))
  const context = sinkContext({ tags, log, certificates: { folder: certificates }, ...more.context })
  const sink = createOpcuaServer(options, context)
  t.after(() => sink.close())
  await sink.connect(never)
  let seq = 1
  const url = `opc.tcp://127.0.0.1:${port}`
  return {
    sink,
    url,
    certificates,
    lines,
    write(...rows) {
      const batch: SampleBatch = batchOf(rows, seq)
      seq += rows.length
      return sink.write(batch, never)
    },
    client: (settings = {}) => startAsyncuaClient(t, { url, ...settings }),
  }
}

/** `press/level` as the client writes it. */
export const nodeOf = (tag: string): string => `nsu=${NAMESPACE};s=${tag}`

export const read = async (client: SteeredProcess, ...tags: string[]): Promise<PeerValue[]> =>
  client.ask<PeerValue[]>('read', { nodes: tags.map(nodeOf) })

/** Ends the workers of this process that `opcua-crashing-worker.ts` made so. */
export function crashWorkers(): void {
  const channel = new BroadcastChannel('opcua-server-crash')
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  channel.postMessage('now')
  channel.close()
}
