/** The gateway as a program: what it takes of the machine, how late its event loop is, and what its clock does. */
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { formatBytes, formatCount, formatDuration, formatMoment } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Moment } from '../../parts/moment.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { Sparkline } from '../../parts/sparkline.tsx'
import { SeverityMark } from '../../status-mark.tsx'
import { diagnosticStrings } from '../../strings/diagnostics.ts'
import { percent } from './poll-cells.ts'

const { gateway: strings, none } = diagnosticStrings

type System = Operations['GET /api/v1/system']['answer']

export default function GatewayTab() {
  const system = useAsk('GET /api/v1/system', {}, { everyMs: 5000 })
  return (
    <Asked query={system}>
      {(answer) => (
        <div className="grid-panels">
          <Process system={answer} />
          <Loop system={answer} />
          <Machine system={answer} />
          <Clock clock={answer.clock} />
        </div>
      )}
    </Asked>
  )
}

function Process({ system }: { system: System }) {
  const { version, nodeVersion, uptimeMs, hostName, process, history } = system
  const [cpu, memory] = [history.map(({ cpuShare }) => cpuShare), history.map(({ rssBytes }) => rssBytes)]
  const cpuNow = process.cpuShare === null ? none : strings.ofCore(percent(process.cpuShare))
  return (
    <Panel title={strings.process}>
      <Facts>
        <Fact name={strings.version}>{version}</Fact>
        <Fact name={strings.node}>{nodeVersion}</Fact>
        <Fact name={strings.host}>{hostName}</Fact>
        <Fact name={strings.up}>{formatDuration(uptimeMs)}</Fact>
        <Fact name={strings.cpu}>
          <Figure text={cpuNow} values={cpu} label={strings.chartCpu(mostOf(cpu, percent))} atLeast={1} />
        </Fact>
        <Fact name={strings.memory}>
          <Figure
            text={formatBytes(process.rssBytes)}
            values={memory}
            label={strings.chartMemory(mostOf(memory, formatBytes))}
          />
        </Fact>
        <Fact name={strings.heap}>
          {strings.of(formatBytes(process.heapUsedBytes), formatBytes(process.heapLimitBytes))}
        </Fact>
      </Facts>
    </Panel>
  )
}

/** The delay of the last minute is of the system; the hour by minute comes with the polls. */
function Loop({ system: { eventLoop } }: { system: System }) {
  const polls = useAsk('GET /api/v1/diagnostics/polls', { query: { minutes: 60, limit: 1 } }, { everyMs: 15_000 })
  const minutes = polls.data?.minutes ?? []
  const delays = minutes.map(({ eventLoopDelayMs }) => eventLoopDelayMs?.p99 ?? null)
  const collections = minutes.map(({ gcShare }) => gcShare)
  const { delayMs, gcShare } = eventLoop
  const one = (value: number) => value.toFixed(1)
  const delayText = strings.chartDelay(mostOf(delays, (value) => strings.ms(one(value))))
  const gcText = strings.chartGc(mostOf(collections, percent))
  return (
    <Panel title={strings.loop}>
      <Facts>
        <Fact name={strings.delay}>
          {delayMs === null ? strings.measuring : strings.delayOf(one(delayMs.p50), one(delayMs.p99), one(delayMs.max))}
        </Fact>
        <Fact name={strings.gc}>{gcShare === null ? strings.measuring : percent(gcShare)}</Fact>
      </Facts>
      <h3 className="figure-head">{strings.hour}</h3>
      <ProblemNote error={polls.error} />
      <Figure text={delayText} values={delays} label={delayText} atLeast={10} />
      <Figure text={gcText} values={collections} label={gcText} atLeast={0.05} />
    </Panel>
  )
}

function Machine({ system: { machine, disk } }: { system: System }) {
  const { cores, loadAverage, memoryBytes, memoryLimitBytes } = machine
  const used = disk?.usedByGatewayBytes ?? null
  return (
    <Panel title={strings.machine}>
      <Facts>
        <Fact name={strings.cores}>{formatCount(cores)}</Fact>
        <Fact name={strings.load}>{loadAverage?.map((one) => one.toFixed(2)).join('  ') ?? none}</Fact>
        <Fact name={strings.memory}>{formatBytes(memoryBytes)}</Fact>
        <Fact name={strings.limit}>
          {memoryLimitBytes === null ? strings.unlimited : formatBytes(memoryLimitBytes)}
        </Fact>
        <Fact name={strings.disk}>
          {disk === null ? strings.unread : strings.diskFree(formatBytes(disk.freeBytes), formatBytes(disk.totalBytes))}
        </Fact>
        <Fact name={strings.data}>{used === null ? none : formatBytes(used)}</Fact>
      </Facts>
    </Panel>
  )
}

function Clock({ clock: { now, driftMs, synchronised, steps } }: { clock: System['clock'] }) {
  return (
    <Panel title={strings.clock}>
      <Facts>
        <Fact name={strings.now}>
          <span title={now}>{formatMoment(Date.parse(now))}</span>
        </Fact>
        <Fact name={strings.drift}>{strings.driftOf(formatCount(driftMs))}</Fact>
        <Fact name={strings.synchronised}>
          <Synchronised is={synchronised} />
        </Fact>
        <Fact name={strings.steps}>
          {steps.length === 0 && strings.neverSet}
          {steps.slice(-5).map(({ at, byMs }) => (
            <p key={`${at} ${byMs}`}>
              <Moment time={at} /> {strings.step(formatCount(byMs))}
            </p>
          ))}
        </Fact>
      </Facts>
    </Panel>
  )
}

function Synchronised({ is }: { is: boolean | null }) {
  if (is === null) return <span className="quiet">{strings.unknown}</span>
  if (is) return strings.yes
  return (
    <span className="state-word">
      <SeverityMark severity="uncertain" />
      {strings.no}
    </span>
  )
}

interface FigureProps {
  readonly text: string
  readonly values: readonly (number | null)[]
  readonly label: string
  readonly atLeast?: number
}

const Figure = ({ text, values, label, atLeast = 0 }: FigureProps) => (
  <span className="figure numbers">
    <span>{text}</span>
    <Sparkline values={values} label={label} atLeast={atLeast} />
  </span>
)

/** The greatest, in words; that nothing was measured is not the same as nought. */
function mostOf(values: readonly (number | null)[], write: (most: number) => string): string {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? none : write(Math.max(...known))
}
