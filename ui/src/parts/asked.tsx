/** What was asked of the gateway: how long it takes, why it failed, that it is old; and what is shown of the answer. */
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { partStrings as strings } from '../strings/parts.ts'
import { Elapsed } from './elapsed.tsx'
import { ProblemNote, staleText } from './problem-note.tsx'

interface Props<T> {
  readonly query: UseQueryResult<T>
  readonly children: (answer: T) => ReactNode
}

export function Asked<T>({ query, children }: Props<T>) {
  const { data, error, isPending, fetchStatus } = query
  // What is shown stays; that it is old stands above it.
  if (data !== undefined)
    return (
      <>
        {error !== null && <ProblemNote error={error} what={staleText(error)} onRetry={() => void query.refetch()} />}
        {children(data)}
      </>
    )
  if (error !== null) return <ProblemNote error={error} onRetry={() => void query.refetch()} />
  return isPending && fetchStatus !== 'idle' ? <Elapsed label={strings.loading} /> : null
}
