/** Columns of the lists of topics: the topic, which opens it, and who produces it. */
import type { Operations } from '../../api/operations.ts'
import type { Column } from '../../parts/data-table.tsx'
import { topicStrings } from '../../strings/topics.ts'
import { Producers } from './producers.tsx'
import { TopicButton } from './topic-button.tsx'

const titles = topicStrings.busiest.columns
type Listed = Pick<Operations['GET /api/v1/topics/search']['answer']['topics'][number], 'topic' | 'producers' | 'tags'>

export function topicColumns(choose: (topic: string) => void): readonly Column<Listed>[] {
  return [
    {
      id: 'topic',
      title: titles.topic,
      width: 'minmax(180px, 3fr)',
      sort: ({ topic }) => topic,
      render: ({ topic }) => <TopicButton topic={topic} onChoose={choose} />,
    },
    {
      id: 'producers',
      title: titles.producers,
      width: 'minmax(120px, 2fr)',
      render: ({ producers, tags }) => <Producers producers={producers.slice(0, 1)} total={tags} />,
    },
  ]
}
