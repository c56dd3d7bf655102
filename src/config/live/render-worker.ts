/** Renders a configuration beside the event loop: with a hundred thousand tags that takes seconds. */
import { parentPort, workerData } from 'node:worker_threads'
import { drivers } from '../../drivers/index.ts'
import { sinks } from '../../sinks/index.ts'
import type { ConfigSources } from '../config.ts'
import { withFiles } from '../file-reading.ts'
import { renderConfig } from '../render.ts'

/** What the worker is given. */
export interface RenderOrder {
  readonly main: string
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly sources: Pick<ConfigSources, 'env' | 'library' | 'containerSecrets'>
}

const { main, files, sources } = workerData as RenderOrder
const texts = new Map([...files].map(([path, bytes]) => [path, Buffer.from(bytes)]))
// Nothing of it waits: all files are read before it returns.
const text = await withFiles(texts, new Map(), () => renderConfig(main, { ...sources, drivers, sinks }))
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort!.postMessage(text)
