/** What the gateway does now, on one screen: what needs attention first, then counts, the flow of data, and the accounts of the sinks. */
import './overview.css'
import { useAsk } from '../../api/ask.ts'
import { useLive } from '../../live/context.ts'
import { Asked } from '../../parts/asked.tsx'
import { overviewStrings as strings } from '../../strings/overview.ts'
import { AttentionPanel } from './attention-panel.tsx'
import { ConfigPanel } from './config-panel.tsx'
import { DeviceCounts, TagCounts } from './counts.tsx'
import { FirstSteps } from './first-steps.tsx'
import { FlowPanel } from './flow/flow-panel.tsx'
import { GatewayPanel } from './gateway-panel.tsx'
import { SamplesPanel } from './samples-panel.tsx'
import { SinkLedgers } from './sink-ledgers.tsx'

export default function Overview() {
  const sinks = useAsk('GET /api/v1/sinks', {}, { everyMs: 2000 })
  const isEmpty = useLive((store) => store.snapshots > 0 && store.devices.length === 0)
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      {isEmpty && sinks.data?.sinks.length === 0 && <FirstSteps />}
      <AttentionPanel sinks={sinks.data?.sinks} />
      <div className="overview-facts">
        <DeviceCounts />
        <TagCounts />
        <SamplesPanel />
        <GatewayPanel />
        <ConfigPanel />
      </div>
      <FlowPanel />
      <Asked query={sinks}>{({ sinks: all }) => <SinkLedgers sinks={all} />}</Asked>
    </>
  )
}
