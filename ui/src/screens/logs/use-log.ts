/**
 * The log as the page follows it: the newest records, what is said after them as it is said (one connection, NDJSON), and older ones on
 * demand.
 */
import { useCallback, useEffect, useRef, useState } from 'react'
import { call, callLines } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'
import { FIRST, withNewest, withOlder, withSaid, type LogPage, type LogRecord, type LogView } from './log-view.ts'

const LOGS = 'GET /api/v1/logs'

export type LogFilter = Pick<NonNullable<Operations[typeof LOGS]['query']>, 'level' | 'component' | 'device' | 'q'>

/** At the start, and after an interruption, when it has to reach back to what is shown. */
const FIRST_PAGE = 200
const WHOLE_PAGE = 1000
const OLDER_PAGE = 500
/** What came is shown together, so that a flood does not render a thousand times a second. */
const GATHER_MS = 200
const RETRY_MS = 2000
/** The gateway gives a sign of life every few seconds: a connection without one is dead, though nobody said so. */
const SILENT_MS = 15_000

export function useLog(filter: LogFilter, paused: boolean): LogView & { older(): void } {
  const [view, setView] = useState<LogView>(FIRST)
  const key = JSON.stringify(filter)
  const [shownKey, setShownKey] = useState(key)
  // With other filters what was shown is of no use.
  if (shownKey !== key) {
    setShownKey(key)
    setView(FIRST)
  }
  const lastKey = useRef<string>(undefined)
  useEffect(() => {
    if (paused) return undefined
    const ended = new AbortController()
    const { signal } = ended
    const limit = lastKey.current === key ? WHOLE_PAGE : FIRST_PAGE
    lastKey.current = key
    void follow(JSON.parse(key) as LogFilter, limit, signal, (change) => !signal.aborted && setView(change))
    return () => ended.abort()
  }, [key, paused])
  const asked = useRef(new AbortController())
  useEffect(() => {
    const ended = new AbortController()
    asked.current = ended
    return () => ended.abort()
  }, [key])
  const older = useCallback(() => {
    const { signal } = asked.current
    const cursor = view.next
    if (cursor === null) return
    void call(LOGS, { query: { ...(JSON.parse(key) as LogFilter), limit: OLDER_PAGE, cursor }, signal }).then(
      (page) => !signal.aborted && setView((before) => withOlder(before, page as LogPage, cursor)),
      (error: Error) => !signal.aborted && setView((before) => ({ ...before, error })),
    )
  }, [key, view.next])
  return { ...view, older }
}

type Tell = (change: (before: LogView) => LogView) => void

/** The number of a record says nothing about what was shown before: after each interruption it begins with a page, which joins itself to it. */
async function follow(filter: LogFilter, first: number, signal: AbortSignal, tell: Tell): Promise<void> {
  let limit = first
  while (!signal.aborted) {
    try {
      const page = (await call(LOGS, { query: { ...filter, limit }, signal })) as LogPage
      limit = WHOLE_PAGE
      tell((before) => withNewest(before, page))
      await listen(filter, page.newest, signal, tell)
      tell((before) => ({ ...before, state: 'lost' }))
    } catch (error) {
      tell((before) => ({ ...before, state: 'lost', error: error instanceof Error ? error : new Error(String(error)) }))
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

async function listen(filter: LogFilter, after: number, signal: AbortSignal, tell: Tell): Promise<void> {
  let said: LogRecord[] = []
  let dropped = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const show = () => {
    const [came, missed] = [said, dropped]
    ;[said, dropped, timer] = [[], 0, undefined]
    tell((before) => withSaid(before, came, missed))
  }
  try {
    for await (const line of callLines(LOGS, { query: { ...filter, after }, signal }, { silentMs: SILENT_MS })) {
      const record = line as LogRecord | { dropped: number }
      if ('dropped' in record) dropped += record.dropped
      else said.push(record)
      timer ??= setTimeout(show, GATHER_MS)
    }
  } finally {
    clearTimeout(timer)
    if (said.length > 0) show()
  }
}
