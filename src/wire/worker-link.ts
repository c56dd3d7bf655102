/**
 * Calls between the main thread and a worker thread, for libraries that are too heavy or too slow for the main thread. A call
 * has one answer; an abort of its signal reaches the worker, which ends the call; events go to the main thread. The end of a worker
 * that nobody asked for (a crash, no memory left, no sign of life) rejects every open call and is told once, as NotConnectedError.
 */
import { Worker, type Transferable } from 'node:worker_threads'
import { systemClock, type Clock } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import { NotConnectedError } from '../core/errors.ts'
import { reviveError, type FromWorker, type ToWorker } from './worker-message.ts'

export interface WorkerLinkOptions {
  /** What to call it in sentences: `the OPC UA client`. */
  readonly name: string
  readonly data?: unknown
  /** Heap of the worker, MiB; what is beyond ends the worker, not the gateway. */
  readonly maxHeapMiB: number
  readonly clock?: Clock
  /** A worker that gives no sign of life for so long is ended; ms. */
  readonly stallLimitMs?: number
  readonly onEvent: (name: string, payload: never) => void
  /** It ended and nobody had asked for it. */
  readonly onEnd: (error: NotConnectedError) => void
}

export interface WorkerUsage {
  /** CPU time of the thread since it started. */
  readonly cpuSeconds: number
  readonly heapBytes: number
}

interface OpenCall {
  resolve(result: unknown): void
  reject(error: unknown): void
  readonly forget: () => void
}

const STALL_LIMIT_MS = 30_000
const SIGNS_OF_LIFE = 3

export class WorkerLink {
  readonly #worker: Worker
  readonly #options: WorkerLinkOptions
  readonly #calls = new Map<number, OpenCall>()
  readonly #watch
  #nextId = 1
  #missed = 0
  #ended: NotConnectedError | undefined
  #closing = false

  /** Starts the worker. `file` calls `serveWorkerLink`. */
  constructor(file: URL, options: WorkerLinkOptions) {
    this.#options = options
    const { name, data, maxHeapMiB, clock = systemClock, stallLimitMs = STALL_LIMIT_MS } = options
    this.#worker = new Worker(file, {
      name,
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB, maxYoungGenerationSizeMb: 16 },
    })
    this.#worker.on('message', (message: FromWorker) => this.#take(message))
    this.#worker.on('error', (error: Error) => this.#end(`${name} failed: ${error.message}`))
    this.#worker.on('exit', () => this.#end(`${name} ended`))
    this.#watch = clock.every(stallLimitMs / SIGNS_OF_LIFE, () => this.#checkLife(stallLimitMs))
  }

  /** Rejects with what the worker threw, the signal's reason, or NotConnectedError when the worker ends. */
  call<T>(
    operation: string,
    args?: unknown,
    { signal, transfer = [] }: { signal?: AbortSignal; transfer?: readonly Transferable[] } = {},
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended)
      if (signal?.aborted) return reject(signal.reason)
      const id = this.#nextId++
      const onAbort = () => {
        this.#settle(id)?.reject(signal!.reason)
        this.#post({ kind: 'abort', id })
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      const forget = () => signal?.removeEventListener('abort', onAbort)
      this.#calls.set(id, { resolve, reject, forget })
      this.#post({ kind: 'call', id, operation, args }, transfer)
    })
  }

  /** CPU and memory of the worker. */
  async usage(): Promise<WorkerUsage> {
    const [cpu, heap] = await Promise.all([this.#worker.cpuUsage(), this.#worker.getHeapStatistics()])
    return { cpuSeconds: (cpu.user + cpu.system) / 1e6, heapBytes: heap.total_heap_size }
  }

  /** Ends the worker at once; open calls are rejected. */
  async close(): Promise<void> {
    this.#closing = true
    this.#end(`${this.#options.name} was closed`)
    await this.#worker.terminate()
  }

  #post(message: ToWorker, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, [...transfer])
  }

  #take(message: FromWorker): void {
    this.#missed = 0
    if (message.kind === 'event') this.#options.onEvent(message.name, message.payload as never)
    else if (message.kind === 'result') this.#settle(message.id)?.resolve(message.result)
    else if (message.kind === 'error') this.#settle(message.id)?.reject(reviveError(message.error))
  }

  #settle(id: number): OpenCall | undefined {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    call?.forget()
    return call
  }

  #checkLife(limitMs: number): void {
    if (this.#missed++ < SIGNS_OF_LIFE) return this.#post({ kind: 'ping' })
    this.#end(`${this.#options.name} gave no sign of life for ${formatDuration(limitMs)} and was ended`)
    void this.#worker.terminate()
  }

  #end(sentence: string): void {
    if (this.#ended !== undefined) return
    this.#ended = new NotConnectedError(sentence)
    this.#watch.cancel()
    for (const id of this.#calls.keys()) this.#settle(id)?.reject(this.#ended)
    if (!this.#closing) this.#options.onEnd(this.#ended)
  }
}
