/** Topics by words of their names. */
import { useDebouncedValue } from '@mantine/hooks'
import { useMemo } from 'react'
import { useAsk } from '../../api/ask.ts'
import { formatCount } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { topicStrings as strings } from '../../strings/topics.ts'
import type { ListProps } from './busiest.tsx'
import { topicColumns } from './topic-columns.tsx'

const MOST = 500
const TYPING_MS = 150

export function Found({ sink, words, topic, onChoose }: ListProps & { readonly words: string }) {
  const [q] = useDebouncedValue(words, TYPING_MS)
  const query = useAsk('GET /api/v1/topics/search', { query: { sink, q, limit: MOST } })
  const columns = useMemo(() => topicColumns(onChoose), [onChoose])
  return (
    <Asked query={query}>
      {({ topics, next }) => (
        <>
          <p className="quiet numbers" role="status">
            {topics.length === 0
              ? strings.nothing
              : next === null
                ? strings.found(formatCount(topics.length))
                : strings.foundMore(formatCount(topics.length))}
          </p>
          {topics.length > 0 && (
            <DataTable
              label={strings.searchLabel}
              name="found"
              fill
              columns={columns}
              rows={topics}
              keyOf={(hit) => hit.topic}
              stateOf={(hit) => (hit.topic === topic ? 'Chosen' : undefined)}
              onOpen={(hit) => onChoose(hit.topic)}
            />
          )}
        </>
      )}
    </Asked>
  )
}
