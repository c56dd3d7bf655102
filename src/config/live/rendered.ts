/** The configuration that runs, written out with its templates expanded and its secrets blanked, made in a worker. */
import { Worker } from 'node:worker_threads'
import type { ConfigSources } from '../config.ts'
import type { FileTexts } from '../file-reading.ts'
import type { RenderOrder } from './render-worker.ts'

const MOST_HEAP_MIB = 1024

/** Rejects with what the configuration has, or when `signal` aborts. */
export function renderBeside(
  main: string,
  files: FileTexts,
  { env, library, containerSecrets }: ConfigSources,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const order: RenderOrder = { main, files, sources: { env: { ...env }, library, containerSecrets } }
    const worker = new Worker(new URL('render-worker.ts', import.meta.url), {
      name: 'render',
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MIB },
    })
    const onAbort = (): void => void worker.terminate()
    signal.addEventListener('abort', onAbort, { once: true })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => {
      signal.removeEventListener('abort', onAbort)
      reject(signal.aborted ? (signal.reason as Error) : new Error('the worker ended without an answer'))
    })
  })
}
