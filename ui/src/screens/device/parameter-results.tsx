/** What reading, comparing and restoring a parameter set came to, as tables. */
import { useState } from 'react'
import type { Operations } from '../../api/operations.ts'
import { exactWithUnit, formatCount } from '../../format.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { severityOf } from '../../status.ts'
import { SeverityMark } from '../../status-mark.tsx'
import { deviceStrings } from '../../strings/device.ts'

const strings = deviceStrings.parameters
const titles = strings.columns
const BASE = '/api/v1/devices/{device}/parameters/{set}'

type Reading = Operations[`POST ${typeof BASE}/read`]['answer']
type Comparison = Operations[`POST ${typeof BASE}/compare`]['answer']
export type Restoration = Operations[`POST ${typeof BASE}/restore`]['answer']
type Status = Reading['parameters'][number]['status']

const statusCell = ({ status }: { readonly status: Status }) => (
  <span className="state-word">
    <SeverityMark severity={severityOf(status.code)} /> {status.name}
  </span>
)
const NAME = {
  id: 'name',
  title: titles.name,
  width: 'minmax(140px, 2fr)',
  render: ({ name }: { name: string }) => name,
}
const REASON = {
  id: 'reason',
  title: titles.reason,
  width: 'minmax(140px, 3fr)',
  render: ({ reason }: { reason: string | null }) => <span title={reason ?? undefined}>{reason}</span>,
}

type Valued = { readonly unit: string | null }
const valueColumn = <Row extends Valued>(
  id: string,
  title: string,
  of: (row: Row) => string | number | boolean | null,
): Column<Row> => ({
  id,
  title,
  width: 'minmax(90px, 1fr)',
  align: 'right',
  render: (row) => exactWithUnit(of(row), row.unit),
})

const READ: readonly Column<Reading['parameters'][number]>[] = [
  NAME,
  valueColumn('value', titles.value, ({ value }) => value),
  { id: 'status', title: titles.status, width: '130px', render: statusCell },
  REASON,
]

export function ReadingView({ reading }: { reading: Reading }) {
  return (
    <>
      {reading.unreadable > 0 && <p>{strings.unreadable(formatCount(reading.unreadable))}</p>}
      <DataTable
        name="read-"
        label={strings.read}
        columns={READ}
        rows={reading.parameters}
        keyOf={({ name }) => name}
        rowPx={28}
      />
    </>
  )
}

const COMPARED: readonly Column<Comparison['parameters'][number]>[] = [
  NAME,
  {
    id: 'state',
    title: titles.state,
    width: '110px',
    render: ({ state }) => (state === 'equal' ? <span className="quiet">{state}</span> : <strong>{state}</strong>),
  },
  valueColumn('stored', titles.stored, ({ stored }) => stored),
  valueColumn('device', titles.device, ({ device }) => device),
  REASON,
]

export function ComparisonView({ comparison }: { comparison: Comparison }) {
  const [all, setAll] = useState(false)
  const { equal, differences, parameters, identity } = comparison
  const rows = all ? parameters : parameters.filter(({ state }) => state !== 'equal')
  return (
    <>
      <div className="bar">
        <strong role="status">{equal ? strings.equal : strings.differences(formatCount(differences))}</strong>
        {identity.remark !== null && <span>{identity.remark}</span>}
        <label className="flag">
          <input type="checkbox" checked={!all} onChange={(event) => setAll(!event.currentTarget.checked)} />{' '}
          {strings.onlyDifferent}
        </label>
      </div>
      {rows.length > 0 && (
        <DataTable
          name="compared-"
          label={strings.compare}
          columns={COMPARED}
          rows={rows}
          keyOf={({ name }) => name}
          rowPx={28}
        />
      )}
    </>
  )
}

const RESTORED: readonly Column<Restoration['parameters'][number]>[] = [
  NAME,
  { id: 'state', title: titles.state, width: '90px', render: ({ state }) => state },
  valueColumn('before', titles.before, ({ before }) => before),
  valueColumn('stored', titles.stored, ({ stored }) => stored),
  REASON,
]

export function RestorationView({ restoration }: { restoration: Restoration }) {
  const rows = restoration.parameters.filter(({ state }) => state !== 'equal')
  const { outcome, stopped, forbidden, identity } = restoration
  return (
    <>
      <p role="status">
        <strong>
          {rows.length === 0 && outcome === 'planned' ? strings.nothingToWrite : strings.outcome[outcome]}
        </strong>
      </p>
      {[stopped, forbidden === null ? null : strings.forbidden(forbidden), identity.remark].map(
        (text) => text !== null && <p key={text}>{text}</p>,
      )}
      {rows.length > 0 && (
        <DataTable
          name="restored-"
          label={strings.restore}
          columns={RESTORED}
          rows={rows}
          keyOf={({ name }) => name}
          rowPx={28}
        />
      )}
    </>
  )
}
