/**
 * The scan of this page. It goes on while other screens are looked at, so that what was found can be added one after another, and ends with
 * the page, by its button, or by itself.
 */
import { useSyncExternalStore } from 'react'
import { callLines } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'

const SCAN = 'POST /api/v1/scan'
type Body = Operations[typeof SCAN]['body']

export interface FoundDevice {
  readonly endpoint: string
  readonly identity: Readonly<Record<string, string | undefined>>
  readonly notes: readonly string[]
  /** As the wizard takes it. */
  readonly device: { readonly name: string; readonly tags: readonly object[] } & Readonly<Record<string, unknown>>
}

export interface ScanState {
  readonly state: 'idle' | 'running' | 'done' | 'interrupted' | 'failed'
  readonly what: string
  readonly startedAt: number
  readonly endedAt: number | undefined
  readonly asked: number
  readonly skipped: number
  readonly at: string | null
  readonly reason: string | null
  readonly found: readonly FoundDevice[]
  readonly error: Error | undefined
}

type Line =
  | { readonly event: 'begun'; readonly what: string }
  | {
      readonly event: 'progress' | 'end'
      readonly asked: number
      readonly skipped: number
      readonly at?: string | null
      readonly result?: ScanState['state']
      readonly reason?: string | null
    }
  | { readonly event: 'skipped' }
  | ({ readonly event: 'found' } & FoundDevice)

const IDLE: ScanState = {
  state: 'idle', what: '', startedAt: 0, endedAt: undefined, asked: 0, skipped: 0, at: null, reason: null, found: [], error: undefined,
} // prettier-ignore

let state = IDLE
let running: AbortController | undefined
const listeners = new Set<() => void>()

export const useScan = (): ScanState =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => state,
  )

export async function startScan(body: Body): Promise<void> {
  running?.abort()
  const own = (running = new AbortController())
  const tell = (part: Partial<ScanState>) => {
    if (running !== own) return
    state = { ...state, ...part }
    for (const listener of listeners) listener()
  }
  state = { ...IDLE, state: 'running', startedAt: Date.now() }
  tell({})
  try {
    for await (const line of callLines(SCAN, { body, signal: own.signal })) hear(line as Line, tell)
    if (state.state === 'running') tell({ state: 'interrupted' })
  } catch (error) {
    tell(own.signal.aborted ? { state: 'interrupted' } : { state: 'failed', error: error as Error })
  } finally {
    tell({ endedAt: Date.now(), at: null })
  }
}

export const stopScan = (): void => running?.abort()

function hear(line: Line, tell: (part: Partial<ScanState>) => void): void {
  if (line.event === 'begun') tell({ what: line.what })
  else if (line.event === 'found') tell({ found: [...state.found, line] })
  else if (line.event === 'progress') tell({ asked: line.asked, skipped: line.skipped, at: line.at ?? null })
  else if (line.event === 'end')
    tell({ asked: line.asked, skipped: line.skipped, state: line.result ?? 'done', reason: line.reason ?? null })
}
