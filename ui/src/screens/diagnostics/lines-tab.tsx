/** Lines: how busy each was over the last minute, and the share of everybody who uses it. */
import type { Operations } from '../../api/operations.ts'
import { usePages } from '../../api/pages.ts'
import { formatCount } from '../../format.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { MorePages } from '../../parts/more-pages.tsx'
import { diagnosticStrings } from '../../strings/diagnostics.ts'
import { percent } from './poll-cells.ts'

const strings = diagnosticStrings.lines
const { columns: heads } = strings
const SHOWN = 6

type Line = Operations['GET /api/v1/lines']['answer']['lines'][number]
type User = Line['units'][number]

export default function LinesTab() {
  const lines = usePages('GET /api/v1/lines', {}, (answer) => answer.lines, { everyMs: 5000 })
  return (
    <>
      <p className="quiet">{strings.about}</p>
      {lines.rows !== undefined && (
        <DataTable
          label={strings.list}
          columns={COLUMNS}
          rows={lines.rows}
          keyOf={({ key }) => key}
          rowPx={34}
          fill
          empty={<EmptyState text={strings.empty} />}
        />
      )}
      <MorePages pages={lines} />
    </>
  )
}

const textOf = ({ device, unit, by, share }: User): string =>
  strings.user(by === 'proxy' ? `${device} (${strings.proxy})` : device, unit === null ? undefined : String(unit), percent(share)) // prettier-ignore

const COLUMNS: readonly Column<Line>[] = [
  { id: 'line', title: heads.line, width: 'minmax(160px, 1fr)', sort: ({ key }) => key, render: ({ key }) => <code title={key}>{key}</code> }, // prettier-ignore
  { id: 'busy', title: heads.busy, width: '150px', sort: ({ utilisation }) => utilisation, render: Busy },
  { id: 'queued', title: heads.queued, width: '80px', align: 'right', sort: ({ queued }) => queued, render: ({ queued }) => formatCount(queued) }, // prettier-ignore
  { id: 'inFlight', title: heads.inFlight, width: '90px', align: 'right', render: ({ inFlight, limit }) => strings.ofLimit(formatCount(inFlight), formatCount(limit)) }, // prettier-ignore
  {
    id: 'users',
    title: heads.users,
    width: 'minmax(260px, 3fr)',
    render: ({ units }) => (
      <span title={units.map(textOf).slice(0, 40).join('\n')}>
        {units.slice(0, SHOWN).map(textOf).join(', ')}
        {units.length > SHOWN && ` ${strings.more(formatCount(units.length - SHOWN))}`}
      </span>
    ),
  },
]

function Busy({ utilisation }: Line) {
  return (
    <span className="busy">
      <span className="busy-bar" aria-hidden="true">
        <i style={{ width: `${Math.min(100, utilisation * 100)}%` }} />
      </span>
      <span className="numbers">{percent(utilisation)}</span>
    </span>
  )
}
