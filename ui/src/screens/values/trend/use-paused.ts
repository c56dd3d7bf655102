/** The window of a trend that stands still; its end is in the address, so that what is seen can be linked. undefined: it follows. */
import { useEffect, useState } from 'react'
import { changeQuery } from '../../../shell/address.ts'
import type { Window } from './gestures.ts'

/** Browsers allow an address to change only so often; while a trend is dragged it need not. */
const SETTLED_MS = 400

export function usePaused(spanSeconds: number): [Window | undefined, (window: Window | undefined) => void] {
  const [paused, setPaused] = useState(() => linked(spanSeconds))
  const to = paused === undefined ? undefined : new Date(paused.to).toISOString()
  useEffect(() => {
    if ((new URLSearchParams(window.location.search).get('to') ?? undefined) === to) return
    const timer = setTimeout(() => changeQuery({ to }), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [to])
  return [paused, setPaused]
}

function linked(spanSeconds: number): Window | undefined {
  const to = Date.parse(new URLSearchParams(window.location.search).get('to') ?? '')
  return Number.isNaN(to) ? undefined : { from: to - spanSeconds * 1000, to }
}
