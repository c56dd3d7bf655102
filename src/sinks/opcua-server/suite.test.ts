/**
 * The sink suite with asyncua as the far side: a client that subscribes to every variable. OPC UA carries no sequence numbers; the
 * test knows them from the batches, by node, source time and status.
 */
import type { TestContext } from 'node:test'
import { NotConnectedError } from '../../core/errors.ts'
import type { Sink, SinkContext, SinkType } from '../../core/sink.ts'
import { needsAsyncua, startAsyncuaClient, type PeerValue } from '../../testing/asyncua.ts'
import { crashWorkers, NAMESPACE, openOptions } from '../../testing/opcua-server-rig.ts'
import { eventually, freePort } from '../../testing/peers.ts'
import { sinkSuite, type Delivered, type SinkPeer, type ToldGap } from '../../testing/sink-suite.ts'
import type { SteeredProcess } from '../../testing/steered-process.ts'
import { createOpcuaServer, opcuaServer } from './sink.ts'

const WORKER = new URL('../../testing/opcua-crashing-worker.ts', import.meta.url)
const LAST_GAP = `nsu=${NAMESPACE};i=4`

type Received = PeerValue & { readonly node: string }

/** The server with a client that is there before the first sample. */
class ObservedServer {
  readonly type: SinkType
  readonly delivered: Delivered[] = []
  readonly gaps: ToldGap[] = []
  readonly options: object
  readonly #t: TestContext
  readonly #url: string
  readonly #known = new Map<string, number>()
  #isStopped = false
  #client: SteeredProcess | undefined
  #polling: NodeJS.Timeout | undefined

  constructor(t: TestContext, port: number) {
    this.#t = t
    this.#url = `opc.tcp://127.0.0.1:${port}`
    this.options = openOptions(port, { limits: { stringBytes: 4000 } })
    this.type = {
      ...(opcuaServer as unknown as SinkType),
      create: (options, context) => this.#create(options, context),
    }
    t.after(() => clearInterval(this.#polling))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#polling)
    crashWorkers()
  }

  async start(): Promise<void> {
    this.#isStopped = false
  }

  #create(options: unknown, context: SinkContext): Sink {
    const sink = createOpcuaServer(opcuaServer.options.parse(options), context, WORKER)
    return {
      connect: async (signal) => {
        if (this.#isStopped) throw new NotConnectedError('the test has stopped it')
        await sink.connect(signal)
        await this.#follow(context)
      },
      write: async (batch, signal) => {
        for (let row = 0; row < batch.length; row++) {
          const { device, settings } = context.tags.get(batch.tag[row]!)!
          const key = `s=${device}/${settings.name}|${batch.time[row]!}|${batch.status[row]!}`
          this.#known.set(key, batch.seq![row]!)
        }
        return sink.write(batch, signal)
      },
      gap: (gap, signal) => sink.gap(gap, signal),
      onLost: (listener) => sink.onLost(listener),
      facts: () => sink.facts(),
      close: () => sink.close(),
    }
  }

  async #follow({ tags }: SinkContext): Promise<void> {
    clearInterval(this.#polling)
    const client = await startAsyncuaClient(this.#t, { url: this.#url })
    const names = [...tags.values()].map(({ device, settings }) => `nsu=${NAMESPACE};s=${device}/${settings.name}`)
    await client.ask('subscribe', { nodes: [...names, LAST_GAP], publishingMs: 50, queue: 5000 })
    const first = async () => (await client.ask<{ values: Received[] }>('received')).values.length
    await eventually('the first values are there', async () => (await first()) >= names.length + 1)
    await client.ask('received', { clear: true })
    this.#client = client
    this.#polling = setInterval(() => void this.#poll(client).catch(() => undefined), 20)
  }

  async #poll(client: SteeredProcess): Promise<void> {
    const { values } = await client.ask<{ values: Received[] }>('received', { clear: true })
    if (client === this.#client) for (const value of values) this.#take(value)
  }

  #take({ node, value, code, sourceTime }: Received): void {
    if (node.endsWith(';i=4')) return void this.gaps.push(JSON.parse(value as string) as ToldGap)
    const id = node.slice(node.indexOf(';') + 1)
    const [device, ...tag] = id.slice('s='.length).split('/')
    const time = Date.parse(sourceTime!)
    const seq = this.#known.get(`${id}|${time}|${code}`)!
    const place = { device: device!, tag: tag.join('/') }
    this.delivered.push({ ...place, value, status: code, time, log: 'k3f9', seq, historical: false })
  }
}

/** The suite makes the sink from the type: the one of the test that runs. */
let current: ObservedServer | undefined
const type: SinkType = {
  ...(opcuaServer as unknown as SinkType),
  create: (options, context) => current!.type.create(options, context),
}

async function start(t: TestContext): Promise<SinkPeer> {
  const server = new ObservedServer(t, await freePort())
  current = server
  return {
    options: server.options,
    delivered: () => server.delivered,
    gaps: () => server.gaps,
    stop: () => server.stop(),
    start: () => server.start(),
    refusedValue: 'x'.repeat(5000),
  }
}

const SUBSCRIPTION_ENDS =
  'a subscription ends with its server; what a client was not sent by then it reads from the history'

sinkSuite('opcua-server, asyncua', type, start, needsAsyncua(), {
  'a historical sample is marked': 'it changes no present value: a client finds it in the history (history.test.ts)',
  'far side killed under load: nothing is lost, nothing comes twice where the sink promises that': SUBSCRIPTION_ENDS,
})
