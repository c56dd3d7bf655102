/** The flow of data as a table: what the picture shows, in words. */
import { useMemo } from 'react'
import { DataTable, type Column } from '../../../parts/data-table.tsx'
import { navigate } from '../../../shell/address.ts'
import { Link } from '../../../shell/link.tsx'
import { StateMark } from '../../../status-mark.tsx'
import { overviewStrings } from '../../../strings/overview.ts'
import type { Flow, FlowNode } from './flow.ts'
import { ageText, rateText } from './node-text.ts'

const strings = overviewStrings.flow

export function FlowTable({ flow, now }: { flow: Flow; now: number }) {
  const columns = useMemo(() => columnsOf(now), [now])
  const rows = useMemo(() => [...flow.devices, ...flow.sinks], [flow])
  return (
    <DataTable
      label={strings.tableLabel}
      name="flow"
      columns={columns}
      rows={rows}
      keyOf={({ key }) => key}
      onOpen={({ href }) => navigate(href)}
    />
  )
}

function columnsOf(now: number): readonly Column<FlowNode>[] {
  const titles = strings.columns
  return [
    {
      id: 'kind',
      title: titles.kind,
      width: '90px',
      sort: ({ kind }) => kind,
      render: ({ kind }) => (kind === 'device' ? strings.device : strings.sink),
    },
    {
      id: 'name',
      title: titles.name,
      width: 'minmax(140px, 2fr)',
      sort: ({ name }) => name,
      render: ({ name, href }) => (
        <Link href={href}>
          <bdi>{name}</bdi>
        </Link>
      ),
    },
    {
      id: 'state',
      title: titles.state,
      width: '120px',
      sort: ({ state }) => state,
      render: ({ state }) => (
        <span className="state-word">
          <StateMark state={state} />
          {state}
        </span>
      ),
    },
    {
      id: 'rate',
      title: titles.rate,
      width: '110px',
      align: 'right',
      sort: ({ rate }) => rate,
      render: rateText,
    },
    {
      id: 'age',
      title: titles.age,
      width: 'minmax(170px, 1fr)',
      sort: ({ at }) => at,
      render: (node) => ageText(node, now),
    },
  ]
}
