/** What a sink says of its session: of Sparkplug bdSeq, seq, the last rebirth and the primary host; of others what they have. */
import type { SinkView } from '../../api.ts'
import { formatCount, formatMoment } from '../../format.ts'
import { Panel } from '../../parts/panel.tsx'
import { sinkStrings } from '../../strings/sinks.ts'

const strings = sinkStrings.session
const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

export function SessionPanel({ sink: { kind, facts } }: { sink: SinkView }) {
  const shown = Object.entries(facts)
  if (shown.length === 0) return null
  return (
    <Panel title={kind === 'sparkplug' ? strings.sparkplug : strings.title} className="sink-session">
      <dl className="facts">
        {shown.map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
      </dl>
    </Panel>
  )
}

type Value = SinkView['facts'][string]

function Fact({ name, value }: { name: string; value: Value }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="numbers">{factText(value)}</dd>
    </>
  )
}

function factText(value: Value): string {
  if (value === null) return strings.unknown
  if (typeof value === 'boolean') return value ? strings.yes : strings.no
  if (typeof value === 'number') return Number.isInteger(value) ? formatCount(value) : String(value)
  return ISO.test(value) ? formatMoment(Date.parse(value)) : value
}
