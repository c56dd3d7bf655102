/** What the gateway takes of its machine: processor, memory, disk, and how its clock stands. */
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { formatBytes, formatCount, formatDuration, formatMoment } from '../../format.ts'
import { useLive } from '../../live/context.ts'
import { Asked } from '../../parts/asked.tsx'
import { Panel } from '../../parts/panel.tsx'
import { overviewStrings } from '../../strings/overview.ts'
import { SYSTEM_EVERY_MS } from './samples-panel.tsx'

const strings = overviewStrings.machine
type System = Operations['GET /api/v1/system']['answer']

export function GatewayPanel() {
  const query = useAsk('GET /api/v1/system', {}, { everyMs: SYSTEM_EVERY_MS })
  return (
    <Panel title={strings.title}>
      <Asked query={query}>{(system) => <Facts system={system} />}</Asked>
    </Panel>
  )
}

function Facts({
  system: { process, machine, disk, clock, eventLoop, uptimeMs, startedAt, hostName },
}: {
  system: System
}) {
  const percent = (share: number): string => `${Math.round(share * 100)} %`
  return (
    <dl className="facts numbers" title={hostName}>
      <dt>{strings.cpu}</dt>
      <dd>
        {process.cpuShare === null ? strings.unknown : strings.cpuValue(percent(process.cpuShare), machine.cores)}
      </dd>
      <dt>{strings.memory}</dt>
      <dd>
        {strings.memoryValue(
          formatBytes(process.rssBytes),
          formatBytes(machine.memoryLimitBytes ?? machine.memoryBytes),
        )}
      </dd>
      <dt>{strings.disk}</dt>
      <dd>{disk === null ? strings.unknown : <Disk disk={disk} />}</dd>
      <dt>{strings.clock}</dt>
      <dd>
        <Clock clock={clock} />
      </dd>
      <dt>{strings.loop}</dt>
      <dd>{eventLoop.delayMs === null ? strings.unknown : strings.loopValue(eventLoop.delayMs.p99.toFixed(0))}</dd>
      <dt>{strings.uptime}</dt>
      <dd title={formatMoment(Date.parse(startedAt))}>{formatDuration(uptimeMs)}</dd>
    </dl>
  )
}

function Disk({ disk: { freeBytes, totalBytes, usedByGatewayBytes } }: { disk: NonNullable<System['disk']> }) {
  return (
    <>
      {strings.diskValue(formatBytes(freeBytes), formatBytes(totalBytes))}
      {usedByGatewayBytes !== null && (
        <span className="quiet"> {strings.diskUsed(formatBytes(usedByGatewayBytes))}</span>
      )}
    </>
  )
}

/** The offset is that of this browser, as the live socket told it. */
function Clock({ clock: { synchronised } }: { clock: System['clock'] }) {
  const offset = useLive((store) => Math.round(store.clockOffsetMs / 100) * 100)
  return (
    <>
      {synchronised === null ? strings.clockUnknown : synchronised ? strings.clockSynced : strings.clockLoose}
      <span className="quiet">
        {' '}
        {Math.abs(offset) < 500 ? strings.clockSame : strings.clockOffset(`${formatCount(offset)} ms`)}
      </span>
    </>
  )
}
