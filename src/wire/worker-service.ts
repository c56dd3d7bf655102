/** The worker's end of a `WorkerLink`: answers its calls, one abort signal each, and sends events. */
import { parentPort, type Transferable } from 'node:worker_threads'
import { sendableError, type FromWorker, type ToWorker } from './worker-message.ts'

/** A result whose buffers go over without a copy; the worker has them no longer. */
export class Transferred {
  readonly result: unknown
  readonly transfer: readonly Transferable[]

  constructor(result: unknown, transfer: readonly Transferable[]) {
    this.result = result
    this.transfer = transfer
  }
}

export type Operations = Readonly<Record<string, (args: never, signal: AbortSignal) => unknown>>
export type SendEvent = (name: string, payload: unknown, transfer?: readonly Transferable[]) => void

const post = (message: FromWorker, transfer: readonly Transferable[] = []): void =>
  parentPort!.postMessage(message, [...transfer])

/** Sends an event to the main thread. */
export const sendEvent: SendEvent = (name, payload, transfer) => post({ kind: 'event', name, payload }, transfer)

/** Serves the calls of the main thread from now on. */
export function serveWorkerLink(operations: Operations): void {
  const open = new Map<number, AbortController>()
  parentPort!.on('message', (message: ToWorker) => {
    if (message.kind === 'ping') return post({ kind: 'pong' })
    if (message.kind === 'abort') return open.get(message.id)?.abort()
    void answer(message, operations, open)
  })
}

async function answer(
  { id, operation, args }: ToWorker & { kind: 'call' },
  operations: Operations,
  open: Map<number, AbortController>,
): Promise<void> {
  const controller = new AbortController()
  open.set(id, controller)
  try {
    const run = operations[operation]
    if (run === undefined) throw new Error(`the worker knows no '${operation}'`)
    const result = await run(args as never, controller.signal)
    if (result instanceof Transferred) post({ kind: 'result', id, result: result.result }, result.transfer)
    else post({ kind: 'result', id, result })
  } catch (error) {
    post({ kind: 'error', id, error: sendableError(error) })
  } finally {
    open.delete(id)
  }
}
