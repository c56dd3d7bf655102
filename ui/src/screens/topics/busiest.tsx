/** The topics with the most messages, counted while somebody looks. */
import { useMemo } from 'react'
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { formatDuration, formatRate } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { topicStrings } from '../../strings/topics.ts'
import { topicColumns } from './topic-columns.tsx'

const strings = topicStrings.busiest
type Talker = Operations['GET /api/v1/topics/busiest']['answer']['topics'][number]

export interface ListProps {
  readonly sink: string
  readonly topic: string
  onChoose(topic: string): void
}

export function Busiest({ sink, topic, onChoose }: ListProps) {
  const query = useAsk('GET /api/v1/topics/busiest', { query: { sink, limit: 50 } }, { everyMs: 3000 })
  const columns = useMemo(() => [...topicColumns(onChoose), RATE], [onChoose])
  return (
    <Asked query={query}>
      {({ topics, watchedSeconds }) => (
        <>
          <p className="quiet">{strings.watched(formatDuration(watchedSeconds * 1000))}</p>
          <DataTable
            label={strings.label}
            name="busiest"
            fill
            columns={columns}
            rows={topics}
            keyOf={(talker) => talker.topic}
            stateOf={(talker) => (talker.topic === topic ? 'Chosen' : undefined)}
            onOpen={(talker) => onChoose(talker.topic)}
            empty={<p className="quiet">{strings.empty}</p>}
          />
        </>
      )}
    </Asked>
  )
}

const RATE: Column<Talker> = {
  id: 'rate',
  title: strings.columns.rate,
  width: '120px',
  align: 'right',
  sort: ({ perMinute }) => perMinute,
  render: ({ perMinute }) => formatRate(perMinute),
}
