/**
 * What is traced of a device, as it comes: asked for again and again from the last number on, so that each exchange is sent once. The page
 * holds no more than the gateway does.
 */
import { useCallback, useEffect, useRef, useState } from 'react'
import { call } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'

type Answer = Operations['GET /api/v1/devices/{device}/trace']['answer']
export type Exchange = Answer['exchanges'][number]
export type TraceStatus = Omit<Answer, 'exchanges' | 'next'>

export interface TraceView {
  readonly status: TraceStatus | undefined
  /** Oldest first. */
  readonly exchanges: readonly Exchange[]
  readonly error: Error | null
}

const NOTHING: TraceView = { status: undefined, exchanges: [], error: null }
/** While it runs, and while it only waits for somebody to start it. */
const RUNNING_MS = 500
const IDLE_MS = 2000
const PAGE = 1000

/** `paused`: nothing new is fetched, and what is there stays. `askAgain` asks at once: something was started or stopped. */
export function useTrace(device: string, paused: boolean): TraceView & { askAgain(): void } {
  const [view, setView] = useState<{ device: string; trace: TraceView }>({ device, trace: NOTHING })
  const trace = view.device === device ? view.trace : NOTHING
  const wake = useRef<() => void>(() => undefined)
  useEffect(() => {
    if (paused || device === '') return undefined
    const ended = new AbortController()
    const wakes: Wakes = (next) => (wake.current = next)
    void follow(device, ended.signal, wakes, (change) =>
      setView((before) => ({ device, trace: change(before.device === device ? before.trace : NOTHING) })),
    )
    return () => ended.abort()
  }, [device, paused])
  const askAgain = useCallback(() => wake.current(), [])
  return { ...trace, askAgain }
}

/** Hears how the present pause is ended before its time. */
type Wakes = (wake: () => void) => void

async function follow(
  device: string,
  signal: AbortSignal,
  wakes: Wakes,
  tell: (change: (before: TraceView) => TraceView) => void,
): Promise<void> {
  let [after, startedAt] = [0, null as string | null]
  let isFirst = true
  while (!signal.aborted) {
    let waitMs = IDLE_MS
    try {
      const params = { device }
      let answer = await call('GET /api/v1/devices/{device}/trace', { params, query: { after, limit: PAGE }, signal })
      const isNew = isFirst || answer.startedAt !== startedAt
      // Somebody started it anew: its numbers begin again.
      if (isNew && after > 0)
        answer = await call('GET /api/v1/devices/{device}/trace', { params, query: { after: 0, limit: PAGE }, signal })
      if (signal.aborted) return
      const { exchanges, next, ...status } = answer
      ;[after, startedAt, isFirst] = [next, status.startedAt, false]
      tell(({ exchanges: before }) => ({
        status,
        exchanges: status.held === 0 ? [] : [...(isNew ? [] : before), ...exchanges].slice(-status.held),
        error: null,
      }))
      if (exchanges.length === PAGE) waitMs = 0
      else if (status.active) waitMs = RUNNING_MS
    } catch (error) {
      if (signal.aborted) return
      tell((before) => ({ ...before, error: error instanceof Error ? error : new Error(String(error)) }))
    }
    await pause(waitMs, signal, wakes)
  }
}

function pause(ms: number, signal: AbortSignal, wakes: Wakes): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(end, ms)
    wakes(end)
    signal.addEventListener('abort', end, { once: true })
  })
}
