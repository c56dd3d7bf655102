/** One sink: how it is connected and why not, its account, what waits, its session, and what may be done about it. */
import type { SinkView } from '../../api.ts'
import { Ledger } from '../../parts/ledger.tsx'
import { Panel } from '../../parts/panel.tsx'
import { useMay } from '../../shell/permissions.ts'
import { sinkStrings as strings } from '../../strings/sinks.ts'
import { ConnectionPanel } from './connection-panel.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { QueuePanel } from './queue-panel.tsx'
import { ReplayPanel } from './replay-panel.tsx'
import { SessionPanel } from './session-panel.tsx'
import type { Throughput } from './throughput.ts'

export function SinkDetail({ sink, throughput }: { sink: SinkView; throughput: Throughput }) {
  const mayManage = useMay('sinks.manage')
  return (
    <section aria-label={sink.name} className="sink-detail" data-sink={sink.name}>
      <h2 className="sink-name">
        <bdi>{sink.name}</bdi> <span className="quiet">{sink.kind}</span>
      </h2>
      <div className="grid-panels">
        <ConnectionPanel sink={sink} />
        <QueuePanel sink={sink} throughput={throughput} mayManage={mayManage} />
        <Panel title={strings.ledger.title}>
          <Ledger account={sink} />
        </Panel>
        <SessionPanel sink={sink} />
        {mayManage && <ReplayPanel sink={sink} />}
      </div>
      {mayManage && <DeadLetters sink={sink} />}
    </section>
  )
}
