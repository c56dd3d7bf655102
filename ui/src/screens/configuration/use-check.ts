/** What the gateway says of the files as they are being written: asked when the typing pauses. */
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'
import { textsOf, type Draft } from './drafts.ts'

const PAUSE_MS = 400

export type Checked = Operations['POST /api/v1/config/check']['answer']

export function useCheck(drafts: ReadonlyMap<string, Draft>) {
  const [settled] = useDebouncedValue(drafts, PAUSE_MS)
  const query = useQuery({
    queryKey: ['config check', textsOf(settled)],
    queryFn: ({ signal }) => call('POST /api/v1/config/check', { body: { files: textsOf(settled) }, signal }),
    enabled: settled.size > 0,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    placeholderData: (before) => before,
  })
  const current = drafts.size > 0
  return {
    checked: current ? query.data : undefined,
    error: current ? query.error : null,
    /** What is shown is not of the last letter that was typed. */
    isBehind: current && (settled !== drafts || query.isFetching),
  }
}
