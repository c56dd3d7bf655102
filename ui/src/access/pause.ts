/** Trying again after a pause that the gateway asked for: counted down once a second, over when the gateway would listen again. */
import { useEffect, useState } from 'react'
import { ProblemError } from '../api.ts'
import { formatTime } from '../format.ts'
import { accessStrings } from '../strings/access.ts'

export interface Pause {
  /** ms until the next try; 0: now. */
  readonly leftMs: number
  /** Begins one, where the error asks for it. */
  begin(error: unknown): void
}

export function usePause(): Pause {
  const [until, setUntil] = useState(0)
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (until <= Date.now()) return undefined
    const timer = setInterval(() => {
      setNow(Date.now())
      if (Date.now() >= until) clearInterval(timer)
    }, 250)
    return () => clearInterval(timer)
  }, [until])
  return {
    leftMs: Math.max(0, until - now),
    begin(error) {
      if (!(error instanceof ProblemError) || error.retryAfterMs === undefined) return
      setNow(Date.now())
      setUntil(Date.now() + error.retryAfterMs)
    },
  }
}

/** What went wrong, in a sentence, with the time of the next try where there is a pause. */
export function faultText(error: unknown): string {
  if (!(error instanceof ProblemError)) return accessStrings.unheard
  if (error.retryAfterMs === undefined) return error.message
  return accessStrings.paused(error.message, formatTime(Date.now() + error.retryAfterMs))
}
