/**
 * node-opcua, loaded on first use and only in a worker thread: it costs 30 MB and writes to the console, which nobody reads
 * there. Its complaints go to `complain`, a few a minute.
 */
import { isMainThread } from 'node:worker_threads'

export type ClientLibrary = typeof import('node-opcua-client')

export async function loadClient(complain: (sentence: string) => void): Promise<ClientLibrary> {
  if (isMainThread) throw new Error('node-opcua is loaded in workers only')
  const loaded = await import('node-opcua-client')
  silence(loaded, complain)
  return loaded
}

/** Escape sequences of colours have no place in a log. */
// oxlint-disable-next-line no-control-regex
const COLOUR = /\u001b\[[0-9;]*m/g

export function silence(
  {
    setDebugLogger,
    setErrorLogger,
    setWarningLogger,
  }: Pick<ClientLibrary, 'setDebugLogger' | 'setErrorLogger' | 'setWarningLogger'>,
  complain: (sentence: string) => void,
): void {
  const tell = (...words: unknown[]) => complain(words.map(String).join(' ').replace(COLOUR, '').slice(0, 500))
  setDebugLogger(() => {})
  setWarningLogger(tell)
  setErrorLogger(tell)
  // Some of it asks no logger. What a worker writes to its console comes out where the log of the gateway does.
  if (!isMainThread)
    for (const name of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) console[name] = tell
}
