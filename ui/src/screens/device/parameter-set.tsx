/** One parameter set: what is stored of it, what can be done, and what came of it. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { useAsk } from '../../api/ask.ts'
import { call } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'
import { formatCount, formatTime } from '../../format.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { Panel } from '../../parts/panel.tsx'
import { useWork } from '../../parts/points/use-work.ts'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { SelectInput } from '../../parts/select-input.tsx'
import { useMay } from '../../shell/permissions.ts'
import { deviceStrings } from '../../strings/device.ts'
import { ComparisonView, ReadingView } from './parameter-results.tsx'
import { RestoreDialog } from './restore-dialog.tsx'

const strings = deviceStrings.parameters
const BASE = '/api/v1/devices/{device}/parameters/{set}'
const SETS = 'GET /api/v1/devices/{device}/parameters'

type Set = Operations[typeof SETS]['answer']['sets'][number]
type Reading = Operations[`POST ${typeof BASE}/read`]['answer']
type Saved = Operations[`POST ${typeof BASE}/save`]['answer']
type Comparison = Operations[`POST ${typeof BASE}/compare`]['answer']
type Outcome =
  | { readonly kind: 'read'; readonly answer: Reading }
  | { readonly kind: 'saved'; readonly answer: Saved }
  | { readonly kind: 'compared'; readonly answer: Comparison }

export function ParameterSet({ device, set }: { device: string; set: Set }) {
  const params = { device, set: set.set }
  const detail = useAsk(`GET ${BASE}`, { params })
  const queries = useQueryClient()
  const may = useMay('parameters')
  const [version, setVersion] = useState('')
  const [restoring, setRestoring] = useState(false)
  const { run, data, busy, error } = useWork<Outcome>()
  const stored = detail.data?.stored ?? []
  const chosen = version === '' ? stored[0]?.version : Number(version)
  const refresh = () =>
    queries.invalidateQueries({ predicate: ({ queryKey: [name] }) => name === SETS || name === `GET ${BASE}` })
  const read = () =>
    run(async (signal) => ({ kind: 'read', answer: await call(`POST ${BASE}/read`, { params, signal }) }))
  const save = () =>
    run(async (signal) => {
      const answer = await call(`POST ${BASE}/save`, { params, body: {}, signal })
      void refresh()
      return { kind: 'saved', answer }
    })
  const compare = () =>
    run(async (signal) => {
      const body = chosen === undefined ? {} : { version: chosen }
      return { kind: 'compared', answer: await call(`POST ${BASE}/compare`, { params, body, signal }) }
    })
  return (
    <Panel
      title={<span dir="auto">{set.set}</span>}
      actions={<span className="quiet numbers">{strings.count(formatCount(set.parameters))}</span>}
    >
      {set.description !== null && <p className="quiet">{set.description}</p>}
      <p className="quiet numbers">
        {set.newest === null
          ? strings.noVersion
          : strings.saved(String(set.newest.version), formatTime(Date.parse(set.newest.time)), set.newest.user)}
      </p>
      {set.forbidden !== null && <p className="quiet">{strings.forbidden(set.forbidden)}</p>}
      {may && (
        <div className="bar parameter-bar">
          <Button size="compact-sm" variant="default" disabled={busy} onClick={() => void read()}>
            {strings.read}
          </Button>
          <Button size="compact-sm" variant="default" disabled={busy} onClick={() => void save()}>
            {strings.save}
          </Button>
          {stored.length > 0 && (
            <SelectInput
              bare
              label={strings.version}
              value={version}
              choices={stored.map((one, at) => ({
                value: at === 0 ? '' : String(one.version),
                label: at === 0 ? strings.newest(String(one.version)) : String(one.version),
              }))}
              onChange={setVersion}
            />
          )}
          <Button
            size="compact-sm"
            variant="default"
            disabled={busy || stored.length === 0}
            onClick={() => void compare()}
          >
            {strings.compare}
          </Button>
          {set.restorable && (
            <Button
              size="compact-sm"
              variant="default"
              disabled={busy || stored.length === 0}
              onClick={() => setRestoring(true)}
            >
              {strings.restore}
            </Button>
          )}
          {busy && <Elapsed label={strings.busy} />}
        </div>
      )}
      <ProblemNote error={error} />
      {data?.kind === 'read' && <ReadingView reading={data.answer} />}
      {data?.kind === 'saved' && (
        <p role="status">{(data.answer.isNew ? strings.isNew : strings.isSame)(String(data.answer.saved.version))}</p>
      )}
      {data?.kind === 'compared' && <ComparisonView comparison={data.answer} />}
      {restoring && chosen !== undefined && (
        <RestoreDialog device={device} set={set.set} version={chosen} onClose={() => setRestoring(false)} />
      )}
    </Panel>
  )
}
