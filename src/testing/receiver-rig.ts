/** An upstream store with the receiving side over a disk in memory, and edges that send to it over real sockets. */
import type { TestContext } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import type { ReceiveConfig } from '../core/receive.ts'
import { startReceiver, type Receiver } from '../ingest/receiver.ts'
import { bifrost } from '../sinks/bifrost/sink.ts'
import type { FileSystem, OpenFile } from '../store/files.ts'
import { MemoryFiles } from '../store/memory-files.ts'
import { openStore, type Store, type StoreOptions } from '../store/store.ts'
import { startDelivery, type DeliveryRig, type RigOptions } from './delivery-rig.ts'
import { freePort } from './peers.ts'

export interface ReceiverRigOptions {
  readonly store?: Partial<StoreOptions>
  readonly receive?: Partial<ReceiveConfig>
  /** Names of devices that upstream has itself. */
  readonly devices?: readonly string[]
  /** ms that a sync of samples takes. */
  readonly syncMs?: number
}

export interface UpstreamRow {
  readonly device: string
  readonly tag: string
  readonly value: unknown
  readonly time: number
  readonly status: number
  readonly historical: boolean
}

export class ReceiverRig {
  files = new MemoryFiles()
  store!: Store
  receiver!: Receiver
  readonly port: number
  readonly #t: TestContext
  readonly #options: ReceiverRigOptions

  private constructor(t: TestContext, port: number, options: ReceiverRigOptions) {
    this.#t = t
    this.port = port
    this.#options = options
  }

  static async start(t: TestContext, options: ReceiverRigOptions = {}): Promise<ReceiverRig> {
    const rig = new ReceiverRig(t, await freePort(), options)
    await rig.open()
    t.after(() => rig.close())
    return rig
  }

  async open(): Promise<void> {
    const { store, receive, devices = [], syncMs = 0 } = this.#options
    const files = syncMs === 0 ? this.files : slow(this.files, syncMs)
    const common = { clock: systemClock, log: silentLog, files }
    this.store = await openStore({ dir: '/data', ...common, syncEveryMs: 10, reserveBlock: 100_000, ...store })
    await this.store.defineTags([])
    const config: ReceiveConfig = {
      listen: { host: '127.0.0.1', port: this.port },
      tls: undefined,
      clients: [{ name: 'edge-1', token: undefined }, { name: 'edge-2', token: undefined }], // prettier-ignore
      devices: '{gateway}.{device}',
      maxTags: 1000,
      ...receive,
    }
    const { store: opened } = this
    const keep = (batch: SampleBatch) => opened.append(batch)
    const context = { ...common, store: opened, folder: '/data/received', devices: new Set(devices), keep }
    this.receiver = await startReceiver(config, context)
  }

  async close(): Promise<void> {
    await this.receiver.stop()
    await this.store.close().catch(() => undefined)
  }

  /** A stop that lets everything go as a power cut, or a kill, would; `files` is what the next start finds. */
  async crash(files: MemoryFiles): Promise<void> {
    // Nothing becomes durable any more, so that nothing is confirmed that the next start does not find.
    this.files.writeFault = this.files.syncFault = 'EIO'
    await this.receiver.stop()
    await this.store.close().catch(() => undefined)
    this.files = files
    await this.open()
  }

  edge(rig: RigOptions, options: object = {}): DeliveryRig {
    const all = { host: '127.0.0.1', port: this.port, tls: false, gateway: 'edge-1', ...options }
    return startDelivery(this.#t, bifrost, all, rig)
  }

  /** What the log holds of a client, as far as it was received. */
  async rows(client = 'edge-1'): Promise<UpstreamRow[]> {
    const rows: UpstreamRow[] = []
    for await (const found of this.store.readAfter(0)) {
      if (!(found instanceof SampleBatch)) continue
      for (const { tag: id, value, time, status, historical } of found) {
        const { device, settings } = this.store.tags.get(id)!
        if (device.startsWith(`${client}.`)) rows.push({ device, tag: settings.name, value, time, status, historical })
      }
    }
    return rows
  }
}

/** The same disk with syncs of segments that take their time. */
function slow(files: MemoryFiles, syncMs: number): FileSystem {
  const opened = async (path: string, mode: 'read' | 'write' | 'create'): Promise<OpenFile> => {
    const file = await files.open(path, mode)
    if (!path.endsWith('.seg')) return file
    return {
      ...file,
      async sync() {
        await new Promise((resolve) => setTimeout(resolve, syncMs))
        await file.sync()
      },
    }
  }
  return {
    open: opened,
    list: (folder) => files.list(folder),
    makeFolder: () => files.makeFolder(),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
    makeLink: (path, text) => files.makeLink(path, text),
    readLink: (path) => files.readLink(path),
    hold: () => files.hold(),
    syncFolder: (folder) => files.syncFolder(folder),
  }
}
