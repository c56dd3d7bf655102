/** Polls by device and minute, as a picture or as a table that says the same. */
import { NativeSelect } from '@mantine/core'
import { useAsk } from '../../api/ask.ts'
import { formatCount } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { FilterInput, matchesWords } from '../../parts/filter-input.tsx'
import { useQueryPart } from '../../shell/address.ts'
import { diagnosticStrings } from '../../strings/diagnostics.ts'
import { clockOf, HeatMap } from './heat-map.tsx'
import { ms, percent, type PollDevice, type PollMinute } from './poll-cells.ts'

const { polls: strings, none } = diagnosticStrings
const { columns: heads } = strings
const SPANS = ['15', '30', '60'] as const

export default function PollsTab() {
  const [filter] = useQueryPart('q')
  const [view, setView] = useQueryPart('view')
  const [span, setSpan] = useQueryPart('minutes')
  const minutes = Number(SPANS.find((one) => one === span) ?? '60')
  const polls = useAsk('GET /api/v1/diagnostics/polls', { query: { minutes, limit: 1000 } }, { everyMs: 10_000 })
  return (
    <>
      <p className="quiet">{strings.about}</p>
      <div className="bar">
        <FilterInput hint={strings.hint} />
        <NativeSelect
          size="xs"
          aria-label={strings.minutes}
          value={String(minutes)}
          data={SPANS.map((value) => ({ value, label: strings.span(value) }))}
          onChange={(event) => setSpan(event.currentTarget.value === '60' ? '' : event.currentTarget.value)}
        />
        <NativeSelect
          size="xs"
          aria-label={strings.asTable}
          value={view}
          data={[
            { value: '', label: strings.asMap },
            { value: 'table', label: strings.asTable },
          ]}
          onChange={(event) => setView(event.currentTarget.value)}
        />
      </div>
      <Asked query={polls}>
        {(answer) => {
          const devices = answer.devices.filter(({ name }) => matchesWords(filter, [name]))
          if (devices.length === 0)
            return <EmptyState text={answer.devices.length === 0 ? strings.empty : strings.noMatch} />
          return (
            <>
              {answer.next !== null && <p className="quiet">{strings.notAll(formatCount(answer.devices.length))}</p>}
              {view === 'table' ? (
                <PollTable minutes={answer.minutes} devices={devices} />
              ) : (
                <HeatMap key={minutes} span={minutes} minutes={answer.minutes} devices={devices} />
              )}
            </>
          )
        }}
      </Asked>
    </>
  )
}

interface Cell {
  readonly device: PollDevice
  readonly at: number
  readonly from: string
}

function PollTable({ minutes, devices }: { minutes: readonly PollMinute[]; devices: readonly PollDevice[] }) {
  const rows = devices.flatMap((device) => minutes.map(({ from }, at): Cell => ({ device, at, from })).reverse())
  return (
    <DataTable
      label={strings.table}
      columns={COLUMNS}
      rows={rows}
      keyOf={({ device, from }) => `${device.name} ${from}`}
      rowPx={26}
      fill
    />
  )
}

const dutyOf = ({ device, at }: Cell): number | null => device.duty[at] ?? null
const longestOf = ({ device, at }: Cell): number | null => device.maxMs[at] ?? null

const COLUMNS: readonly Column<Cell>[] = [
  { id: 'device', title: heads.device, width: 'minmax(140px, 2fr)', sort: ({ device }) => device.name, render: ({ device }) => <bdi>{device.name}</bdi> }, // prettier-ignore
  { id: 'minute', title: heads.minute, width: '90px', sort: ({ from }) => from, render: ({ from }) => <time title={from}>{clockOf(from)}</time> }, // prettier-ignore
  { id: 'share', title: heads.share, width: '130px', align: 'right', sort: dutyOf, render: (cell) => { const duty = dutyOf(cell); return duty === null ? strings.silent : percent(duty) } }, // prettier-ignore
  { id: 'longest', title: heads.longest, width: '110px', align: 'right', sort: longestOf, render: (cell) => { const took = longestOf(cell); return took === null ? none : ms(took) } }, // prettier-ignore
  { id: 'every', title: heads.every, width: '100px', align: 'right', render: ({ device }) => (device.everyMs === null ? none : ms(device.everyMs)) }, // prettier-ignore
  { id: 'polls', title: heads.polls, width: '80px', align: 'right', sort: ({ device, at }) => device.polls[at] ?? 0, render: ({ device, at }) => formatCount(device.polls[at] ?? 0) }, // prettier-ignore
  { id: 'skipped', title: heads.skipped, width: '80px', align: 'right', sort: ({ device, at }) => device.overruns[at] ?? 0, render: ({ device, at }) => formatCount(device.overruns[at] ?? 0) }, // prettier-ignore
]
