/** The values of the chosen tags as they are now, read again and again; each with its quality and why it is not good. */
import { Button } from '@mantine/core'
import { useEffect, useMemo, useState } from 'react'
import { call } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'
import { formatCount, formatWithUnit } from '../../format.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Elapsed } from '../../parts/elapsed.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Panel } from '../../parts/panel.tsx'
import { toTagEntry } from '../../parts/points/tag-rows.ts'
import { useWork } from '../../parts/points/use-work.ts'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { allFields, planForm } from '../../parts/schema-form/fields.ts'
import { severityOf } from '../../status.ts'
import { SeverityMark } from '../../status-mark.tsx'
import { addDeviceStrings } from '../../strings/add-device.ts'
import { pointStrings } from '../../strings/points.ts'
import type { StepProps } from './index.tsx'
import { draftsOf, trialOptions } from './sketch.ts'

const strings = pointStrings.preview
type Answer = Operations['POST /api/v1/connections/preview']['answer']
type Value = Answer['values'][number]

/** What the gateway reads in one request. */
const MOST = 500
const AGAIN_MS = 2000

export function PreviewStep({ sketch, driver, catalogue, change, go }: StepProps) {
  const [paused, setPaused] = useState(false)
  const { run, data, busy, error } = useWork<Answer>()
  const body = useMemo(() => {
    const fields = allFields(planForm(catalogue.tag))
    const tags = sketch.tags.slice(0, MOST).map((row) => toTagEntry(row, fields))
    return { driver: driver.name, options: trialOptions(driver, draftsOf(sketch)), tags }
  }, [sketch, driver, catalogue])
  const has = body.tags.length > 0
  useEffect(() => {
    if (!has || paused || busy) return
    // The first at once; afterwards a pause after each.
    const read = () => void run((signal) => call('POST /api/v1/connections/preview', { body, signal }))
    const timer = setTimeout(read, data === undefined && error === undefined ? 0 : AGAIN_MS)
    return () => clearTimeout(timer)
  }, [has, paused, busy, body, run, data, error])
  // What the device said of a type that was left open is what is saved.
  useEffect(() => {
    const said = new Map(data?.values.map(({ index, type }) => [index, type]))
    const open = sketch.tags.some((row, at) => row.type === undefined && said.get(at) != null)
    if (!open) return
    change({
      tags: sketch.tags.map((row, at) =>
        row.type === undefined && said.get(at) != null ? { ...row, type: said.get(at)! } : row,
      ),
    })
  }, [data, sketch.tags, change])
  const bad = (data?.values ?? []).filter((value) => value.status === null || severityOf(value.status.code) !== 'good')
  return (
    <>
      <Panel
        title={strings.title}
        className="preview"
        actions={
          <>
            {data !== undefined && (
              <span className="quiet numbers" role="status" data-testid="preview-says">
                {bad.length === 0 ? strings.allGood : strings.notGood(formatCount(bad.length))},{' '}
                {strings.took(formatCount(Math.round(data.elapsedMs)))}
              </span>
            )}
            {has && (
              <Button size="compact-xs" variant="default" onClick={() => setPaused(!paused)}>
                {paused ? strings.goOn : strings.pause}
              </Button>
            )}
          </>
        }
      >
        {!has && <EmptyState text={pointStrings.none} />}
        {busy && data === undefined && <Elapsed label={strings.reading} />}
        <ProblemNote error={error} what={strings.failed} />
        {sketch.tags.length > MOST && (
          <p className="quiet">{strings.first(formatCount(MOST), formatCount(sketch.tags.length))}</p>
        )}
        {data !== undefined && (
          <DataTable
            name="preview-"
            label={strings.title}
            columns={COLUMNS}
            rows={data.values}
            keyOf={({ index, name }) => `${index} ${name}`}
            stateOf={({ status }) => (status === null ? 'bad' : severityOf(status.code))}
          />
        )}
      </Panel>
      <div className="bar end">
        <Button variant="default" onClick={() => go('tags')}>
          {addDeviceStrings.back}
        </Button>
        <Button onClick={() => go('save')}>{addDeviceStrings.next(addDeviceStrings.steps.save)}</Button>
      </div>
    </>
  )
}

const titles = pointStrings.columns
const COLUMNS: readonly Column<Value>[] = [
  { id: 'name', title: titles.name, width: 'minmax(120px, 1.5fr)', render: ({ name }) => name },
  {
    id: 'value',
    title: titles.value,
    width: 'minmax(110px, 1fr)',
    align: 'right',
    render: ({ value, type, unit, text }) => <strong>{text ?? formatWithUnit(value, type ?? 'string', unit)}</strong>,
  },
  { id: 'type', title: titles.type, width: '80px', render: ({ type }) => type ?? strings.none },
  {
    id: 'raw',
    title: titles.raw,
    width: '150px',
    render: ({ raw }) => <span className="mono">{raw === null ? '' : raw.replaceAll(/(.{4})(?=.)/g, '$1 ')}</span>,
  },
  {
    id: 'status',
    title: titles.status,
    width: 'minmax(110px, 1fr)',
    render: ({ status }) => (
      <span className="state-word">
        <SeverityMark severity={status === null ? 'bad' : severityOf(status.code)} /> {status?.name ?? strings.none}
      </span>
    ),
  },
  {
    id: 'reason',
    title: titles.reason,
    width: 'minmax(160px, 3fr)',
    render: ({ reason }) => <span title={reason ?? undefined}>{reason}</span>,
  },
]
