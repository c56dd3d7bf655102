/** Every version that was in use: who, when, why; any two can be compared, and each can be gone back to. */
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { zoneOffset } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Panel } from '../../parts/panel.tsx'
import { changeQuery, useQueryPart } from '../../shell/address.ts'
import { useMay } from '../../shell/permissions.ts'
import { configurationStrings } from '../../strings/configuration.ts'
import { Rollback } from './rollback.tsx'
import { Moment, useStatus } from './status.tsx'
import { Comparison, VersionFiles } from './version.tsx'

const strings = configurationStrings.history

export type Version = Operations['GET /api/v1/config/history']['answer']['versions'][number]

/** How it came about, in words. */
export function sourceText(source: string): string {
  const known: Readonly<Record<string, string>> = configurationStrings.sources
  return known[source] ?? source
}

export function History() {
  const may = useMay('config.write')
  const history = useAsk('GET /api/v1/config/history', {}, { everyMs: 5000 })
  const status = useStatus().data
  const columns = useMemo(() => columnsOf(status?.version, status?.trial?.version), [status])
  const [from] = useQueryPart('from')
  const [to] = useQueryPart('to')
  const [one] = useQueryPart('version')
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [back, setBack] = useState<number>()
  if (from !== '') return <Comparison from={from} to={to === '' ? 'running' : to} />
  const chosen = [...selected].map(Number).toSorted((a, b) => a - b)
  const [first, second] = chosen
  const actions = (
    <>
      {chosen.length !== 2 && <span className="quiet">{strings.compareHint}</span>}
      {chosen.length === 2 && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => changeQuery({ from: String(first), to: String(second) })}
        >
          {strings.compare(first!, second!)}
        </Button>
      )}
      {chosen.length === 1 && (
        <>
          <Button size="compact-sm" variant="default" onClick={() => changeQuery({ version: String(first) })}>
            {strings.showFiles(first!)}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => changeQuery({ from: String(first), to: 'running' })}
          >
            {strings.compareRunning(first!)}
          </Button>
          {may && first !== status?.version && (
            <Button size="compact-sm" variant="default" onClick={() => setBack(first)}>
              {strings.rollback(first!)}
            </Button>
          )}
        </>
      )}
    </>
  )
  return (
    <>
      {one !== '' && <VersionFiles version={one} />}
      <Panel title={strings.title} className="fill" actions={actions}>
        <Asked query={history}>
          {({ versions }) => (
            <DataTable
              fill
              label={strings.table}
              columns={columns}
              rows={versions}
              keyOf={({ version }) => String(version)}
              nameOf={({ version }) => configurationStrings.status.versionOf(version)}
              selected={selected}
              onSelect={setSelected}
              onOpen={({ version }) => changeQuery({ version: String(version) })}
              empty={<EmptyState text={strings.empty} />}
            />
          )}
        </Asked>
      </Panel>
      {back !== undefined && <Rollback version={back} onClose={() => setBack(undefined)} />}
    </>
  )
}

function columnsOf(runs: number | undefined, onTrial: number | undefined): readonly Column<Version>[] {
  return [
    {
      id: 'version',
      title: strings.version,
      width: '130px',
      sort: ({ version }) => version,
      render: ({ version }) => (
        <>
          <span className="numbers">{version}</span>{' '}
          {version === runs && <strong>{version === onTrial ? strings.onTrial : strings.runs}</strong>}
        </>
      ),
    },
    {
      id: 'time',
      title: strings.time(zoneOffset()),
      width: '250px',
      sort: ({ time }) => time,
      render: ({ time }) => <Moment iso={time} />,
    },
    { id: 'user', title: strings.user, width: '140px', sort: ({ user }) => user, render: ({ user }) => <bdi>{user}</bdi> }, // prettier-ignore
    { id: 'source', title: strings.source, width: '150px', sort: ({ source }) => source, render: ({ source }) => sourceText(source) }, // prettier-ignore
    { id: 'message', title: strings.message, width: 'minmax(160px, 2fr)', render: ({ message }) => <bdi title={message ?? undefined}>{message}</bdi> }, // prettier-ignore
    { id: 'files', title: strings.files, width: '70px', align: 'right', render: ({ files }) => files.length },
    { id: 'hash', title: strings.hash, width: '130px', hidden: true, render: ({ hash }) => <code>{hash.slice(0, 12)}</code> }, // prettier-ignore
  ]
}
