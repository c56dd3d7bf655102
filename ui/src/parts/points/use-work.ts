/** One thing at a time that is asked of a device: begun by a button, given up when another begins or the screen is left. */
import { useCallback, useEffect, useRef, useState } from 'react'

export interface Work<T> {
  readonly data: T | undefined
  readonly error: Error | undefined
  readonly busy: boolean
  /** What it gives, which is also kept; undefined where it was given up or failed. */
  run(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>
  stop(): void
}

export function useWork<T>(): Work<T> {
  const [state, setState] = useState<{ data?: T; error?: Error; busy: boolean }>({ busy: false })
  const present = useRef<AbortController>(undefined)
  const stop = useCallback(() => {
    present.current?.abort()
    present.current = undefined
    setState((before) => ({ ...before, busy: false }))
  }, [])
  useEffect(() => () => present.current?.abort(), [])
  const run = useCallback(async (work: (signal: AbortSignal) => Promise<T>) => {
    present.current?.abort()
    const own = (present.current = new AbortController())
    setState((before) => ({ ...(before.data === undefined ? {} : { data: before.data }), busy: true }))
    try {
      const data = await work(own.signal)
      if (present.current === own) setState({ data, busy: false })
      return data
    } catch (error) {
      // What was shown last stays, and above it why there is nothing newer.
      if (present.current === own) setState((before) => ({ ...before, error: error as Error, busy: false }))
      return undefined
    }
  }, [])
  return { data: state.data, error: state.error, busy: state.busy, run, stop }
}
