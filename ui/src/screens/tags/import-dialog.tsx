/** A list of tags from a file: what each row comes to, with line and column of what is wrong, before anything is changed. */
import { Button, Modal, NativeSelect } from '@mantine/core'
import { useId, useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { formatCount } from '../../format.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { saveFile } from '../../parts/download.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { tagStrings } from '../../strings/tags.ts'
import { HowForm, type How } from '../configuration/how-form.tsx'
import { Counts, PlanView } from './plan-view.tsx'
import { Refusal } from './save-dialog.tsx'
import { toCsv } from './separated.ts'
import { importList, type Applied, type Imported } from './use-save.ts'

const strings = tagStrings.import

interface Props {
  readonly device: string
  readonly tag: string | undefined
  onClose(): void
  onSaved(applied: Applied): void
  /** The list as it is by now. */
  onReload(): void
}

type Row = Imported['rows'][number]

export function ImportDialog({ device, tag, onClose, onSaved, onReload }: Props) {
  const id = useId()
  const [file, setFile] = useState<{ readonly content: File; readonly nth: number }>()
  const [mode, setMode] = useState<'merge' | 'replace'>('merge')
  const [skip, setSkip] = useState(false)
  const [choice, setChoice] = useState<'shared'>()
  const target = { device, tag, choice }
  const seen = useQuery({
    queryKey: ['tags import', id, file?.nth, mode, tag, choice],
    queryFn: ({ signal }) => importList(file!.content, target, { dryRun: true, mode, signal }),
    enabled: file !== undefined,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  })
  const take = useImport()
  const { counts, rows, plan } = seen.data ?? {}
  const rejected = rows?.filter(({ action }) => action === 'rejected') ?? []
  const changes = counts === undefined ? 0 : counts.create + counts.update + counts.remove
  const ready = changes > 0 && (rejected.length === 0 || skip) && !seen.isFetching && !take.isPending
  const send = (how: How) =>
    take.mutate(
      { content: file!.content, target, sent: { ...how, mode, skipRejected: skip } },
      { onSuccess: ({ applied }) => onSaved(applied!) },
    )
  const leave = () => take.isPending || onClose()
  return (
    <Modal opened onClose={leave} size="xl" title={strings.title(device)}>
      <div className="form-grid">
        <label className="tag-file">
          <span>{strings.file}</span>
          <input
            type="file"
            accept=".csv,.tsv,.txt,.xlsx"
            data-autofocus
            onChange={(event) => {
              const content = event.currentTarget.files?.[0]
              take.reset()
              if (content !== undefined) setFile({ content, nth: (file?.nth ?? 0) + 1 })
            }}
          />
        </label>
        <NativeSelect
          label={strings.mode}
          data={[
            { value: 'merge', label: strings.merge },
            { value: 'replace', label: strings.replace },
          ]}
          value={mode}
          onChange={(event) => setMode(event.currentTarget.value === 'replace' ? 'replace' : 'merge')}
        />
      </div>
      {file === undefined && <p className="quiet">{strings.hint}</p>}
      {seen.isFetching && <Elapsed label={strings.asking} />}
      {counts !== undefined && rows !== undefined && seen.error === null && (
        <>
          <Counts counts={counts} />
          <DataTable
            name="import-"
            label={strings.rows}
            columns={COLUMNS}
            rows={rejected.length > 0 ? [...rejected, ...rows.filter(({ action }) => action !== 'rejected')] : rows}
            keyOf={(row) => `${row.action} ${row.place} ${row.name}`}
            stateOf={({ action }) => action}
            rowPx={30}
            empty={<p className="quiet">{strings.nothing}</p>}
          />
          {rejected.length > 0 && (
            <div className="tag-note">
              <label className="tag-check">
                <input type="checkbox" checked={skip} onChange={(event) => setSkip(event.currentTarget.checked)} />{' '}
                {strings.skip(formatCount(counts.rejected))}
              </label>
              <Button size="compact-sm" variant="default" onClick={() => saveErrors(device, rejected)}>
                {strings.errorFile}
              </Button>
            </div>
          )}
          {plan !== undefined && plan !== null && <PlanView plan={plan} />}
        </>
      )}
      <Refusal
        error={take.error ?? seen.error}
        choice={choice}
        onShared={() => {
          take.reset()
          setChoice('shared')
        }}
        onTakeOver={() => {
          take.reset()
          onReload()
        }}
      />
      {take.isPending && <Elapsed label={tagStrings.save.saving} />}
      <HowForm label={strings.effect(formatCount(changes))} disabled={!ready} onCancel={leave} onSend={send} />
    </Modal>
  )
}

const COLUMNS: readonly Column<Row>[] = [
  { id: 'action', title: strings.columns.action, width: '92px', render: ({ action }) => tagStrings.save.counts[action] }, // prettier-ignore
  { id: 'place', title: strings.columns.place, width: '110px', render: ({ place }) => place },
  { id: 'name', title: strings.columns.name, width: 'minmax(120px, 1fr)', render: ({ name }) => <bdi>{name}</bdi> },
  { id: 'column', title: strings.columns.column, width: '110px', render: ({ column, changes }) => column ?? changes?.join(', ') }, // prettier-ignore
  { id: 'reason', title: strings.columns.reason, width: 'minmax(200px, 3fr)', render: ({ reason }) => <span title={reason}>{reason}</span> }, // prettier-ignore
]

/** Each fault with its place, for whoever mends the file. */
function saveErrors(device: string, rejected: readonly Row[]): void {
  const rows = rejected.map(({ place, name, column, reason }) => [place ?? '', name, column ?? '', reason ?? ''])
  const { place, name, column, reason } = strings.errorColumns
  const content = `\uFEFF${toCsv([[place, name, column, reason], ...rows])}`
  saveFile(`${device.replaceAll(/[^\w.-]/g, '_')}-errors.csv`, new Blob([content], { type: 'text/csv' }))
}

function useImport() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ content, target, sent }: Taken) => importList(content, target, sent),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['GET /api/v1/config/status'] }),
  })
}

interface Taken {
  readonly content: Blob
  readonly target: Parameters<typeof importList>[1]
  readonly sent: Parameters<typeof importList>[2]
}
