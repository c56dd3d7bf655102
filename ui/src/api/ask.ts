/** The API in components: `useAsk` for what is shown, `useDo` for what is done. Both typed by the gateway's own document. */
import {
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query'
import { call, idempotent, type CallInput } from './client.ts'
import type { Operations } from './operations.ts'
import { isSameSubject } from './subject.ts'

type Answer<N extends keyof Operations> = Operations[N]['answer']
type Reads = Extract<keyof Operations, `GET ${string}`>
type Changes = Exclude<keyof Operations, `GET ${string}`>

/** A connection that swallows the answer is told as such, and is asked again by whoever looks. */
const PATIENCE_MS = 30_000

export interface AskOptions {
  /** Asked again so often while the screen is seen; only once where absent. */
  readonly everyMs?: number
  /** Not asked while false. */
  readonly when?: boolean
}

/** The answer of a GET. What was answered last stays while it is asked again, and when that fails (`isError` says so). */
export function useAsk<N extends Reads>(
  name: N,
  input: Omit<CallInput<N>, 'signal'>,
  { everyMs, when = true }: AskOptions = {},
): UseQueryResult<Answer<N>> {
  return useQuery({
    queryKey: [name, input],
    queryFn: ({ signal }) =>
      call(name, { ...input, signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) } as CallInput<N>),
    refetchInterval: everyMs ?? false,
    enabled: when,
    placeholderData: (before, beforeQuery) =>
      isSameSubject(beforeQuery?.queryKey, [name, input]) ? before : undefined,
  })
}

/**
 * Does something once per call of `mutate`. Sent again after a lost answer it is not done twice (an idempotency key of its own); afterwards
 * everything that starts with one of `changes` is asked again.
 */
export function useDo<N extends Changes>(
  name: N,
  changes: readonly Reads[] = [],
): UseMutationResult<Answer<N>, Error, Omit<CallInput<N>, 'signal' | 'idempotencyKey'>> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (input) => call(name, { ...input, ...idempotent() } as CallInput<N>),
    // Passwords were sent, or a token came: nothing of it is kept when whoever asked is gone.
    gcTime: 0,
    onSettled: () => Promise.all(changes.map((change) => queries.invalidateQueries({ queryKey: [change] }))),
  })
}
