/** Where samples go: every sink with its account, and of one (`?name=`) all that is known and can be done. */
import './sinks.css'
import { useAsk } from '../../api/ask.ts'
import { Asked } from '../../parts/asked.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { useQueryPart } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { sinkStrings as strings } from '../../strings/sinks.ts'
import type { SinkView } from '../../api.ts'
import { SinkDetail } from './sink-detail.tsx'
import { SinkTable } from './sink-table.tsx'
import { NOTHING, useThroughput, type Throughput } from './throughput.ts'

export const ASK_EVERY_MS = 2000

export default function Sinks() {
  const query = useAsk('GET /api/v1/sinks', {}, { everyMs: ASK_EVERY_MS })
  const rates = useThroughput(query.data?.sinks, query.dataUpdatedAt)
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      <Asked query={query}>
        {({ sinks }) => (sinks.length === 0 ? <NoSink /> : <SinkList sinks={sinks} rates={rates} />)}
      </Asked>
    </>
  )
}

function SinkList({ sinks, rates }: { sinks: readonly SinkView[]; rates: ReadonlyMap<string, Throughput> }) {
  const [wanted] = useQueryPart('name')
  const name = wanted === '' && sinks.length === 1 ? sinks[0]!.name : wanted
  const chosen = sinks.find((sink) => sink.name === name)
  return (
    <>
      <SinkTable sinks={sinks} rates={rates} chosen={chosen?.name} />
      {chosen !== undefined && (
        <SinkDetail key={chosen.name} sink={chosen} throughput={rates.get(chosen.name) ?? NOTHING} />
      )}
      {chosen === undefined && name !== '' && (
        <EmptyState title={strings.unknown(name)} text={strings.unknownWhy}>
          <Link href="/sinks">{strings.title}</Link>
        </EmptyState>
      )}
      {chosen === undefined && name === '' && <p className="quiet">{strings.choose}</p>}
    </>
  )
}

function NoSink() {
  const may = useMay('config.read')
  return (
    <EmptyState title={strings.empty} text={strings.emptyWhy}>
      {may && <Link href="/configuration">{strings.toConfiguration}</Link>}
    </EmptyState>
  )
}
