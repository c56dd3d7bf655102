/** A list of the API that comes in pages (`cursor`, `next`): what was fetched so far, and how to fetch on. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { call, type CallInput } from './client.ts'
import type { Operations } from './operations.ts'
import { isSameList } from './subject.ts'

/** Reads whose answer has a `next`. */
type Lists = {
  [N in keyof Operations]: Operations[N]['answer'] extends { readonly next: string | null } ? N : never
}[Extract<keyof Operations, `GET ${string}`>]

export interface Pages<Row> {
  /** What was fetched so far; undefined: nothing yet. */
  readonly rows: readonly Row[] | undefined
  readonly error: Error | null
  readonly isAsking: boolean
  readonly hasMore: boolean
  more(): void
  again(): void
}

interface PagesOptions {
  /** Asked again so often while there is no more than the first page. */
  readonly everyMs?: number
  readonly when?: boolean
}

export function usePages<N extends Lists, Row>(
  name: N,
  input: Omit<CallInput<N>, 'signal'>,
  rowsOf: (answer: Operations[N]['answer']) => readonly Row[],
  { everyMs, when = true }: PagesOptions = {},
): Pages<Row> {
  const query = useInfiniteQuery({
    queryKey: [name, input],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const { query: words } = input as { readonly query?: object }
      return call(name, { ...input, query: { ...words, cursor: pageParam }, signal } as CallInput<N>)
    },
    getNextPageParam: (last) => (last as { readonly next: string | null }).next ?? undefined,
    // Whoever has read on is not moved about, and ten pages are not asked for again all the time.
    refetchInterval: ({ state }) => (everyMs === undefined || (state.data?.pages.length ?? 0) > 1 ? false : everyMs),
    enabled: when,
    // While a filter is typed, what it gave before stays; never another list.
    placeholderData: (before, beforeQuery) => (isSameList(beforeQuery?.queryKey, [name, input]) ? before : undefined),
  })
  return {
    rows: query.data?.pages.flatMap(rowsOf),
    error: query.error,
    isAsking: query.isFetching,
    hasMore: query.hasNextPage,
    // What failed is not asked for again and again by a list whose end is in sight: somebody says so.
    more: () => void (query.hasNextPage && !query.isFetching && query.error === null && query.fetchNextPage()),
    again: () => void query.refetch(),
  }
}
