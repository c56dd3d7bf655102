/** The connection test as it goes: each stage as it ends; ended by its own signal when somebody stops it or leaves. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { callLines } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'

const TEST = 'POST /api/v1/connections/test'
type Body = Operations[typeof TEST]['body']
export type Stage = Extract<Operations[typeof TEST]['answer'], { readonly stages: unknown }>['stages'][number]

export interface StagedTestState {
  readonly stages: readonly Stage[]
  readonly running: boolean
  readonly error: Error | undefined
  run(body: Body): Promise<void>
  stop(): void
}

export function useStagedTest(): StagedTestState {
  const [stages, setStages] = useState<readonly Stage[]>([])
  const [running, setRunning] = useState(false)
  const [error, setError] = useState<Error>()
  const present = useRef<AbortController>(undefined)
  const stop = useCallback(() => present.current?.abort(), [])
  useEffect(() => stop, [stop])
  const run = useCallback(
    async (body: Body) => {
      stop()
      const own = (present.current = new AbortController())
      setStages([])
      setError(undefined)
      setRunning(true)
      try {
        for await (const stage of callLines(TEST, { body, signal: own.signal }))
          if (present.current === own) setStages((before) => [...before, stage as Stage])
      } catch (reason) {
        if (present.current === own && !own.signal.aborted) setError(reason as Error)
      } finally {
        if (present.current === own) setRunning(false)
      }
    },
    [stop],
  )
  return { stages, running, error, run, stop }
}
