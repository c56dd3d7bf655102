/** Writes that wait for a second person: what, by whom, until when; approved or rejected by whoever may. */
import { Button } from '@mantine/core'
import type { PendingWrite, WriteView } from '../../../api.ts'
import { useAsk, useDo } from '../../../api/ask.ts'
import { exactWithUnit, formatDuration } from '../../../format.ts'
import { useLive, useNow } from '../../../live/context.ts'
import { Refusal, Result } from '../write-result.tsx'
import { useMay } from '../../../shell/permissions.ts'
import { valuesStrings } from '../../../strings/values.ts'

const words = valuesStrings.writes
const EVERY_MS = 3000
const CHANGES = ['GET /api/v1/writes/pending'] as const

export function PendingWrites() {
  const { data } = useAsk('GET /api/v1/writes/pending', {}, { everyMs: EVERY_MS })
  const approve = useDo('POST /api/v1/writes/pending/{id}/approve', CHANGES)
  const reject = useDo('POST /api/v1/writes/pending/{id}/reject', CHANGES)
  const pending = data?.pending ?? []
  const error = approve.error ?? reject.error
  if (pending.length === 0 && approve.data === undefined && error === null) return null
  return (
    <section className="panel pending-writes" aria-labelledby="pending-title" data-testid="pending-writes">
      <h2 id="pending-title">{words.pending}</h2>
      <ul>
        {pending.map((write) => (
          <PendingRow
            key={write.id}
            write={write}
            busy={approve.isPending || reject.isPending}
            onApprove={() => approve.mutate({ params: { id: write.id }, body: {} })}
            onReject={() => reject.mutate({ params: { id: write.id }, body: {} })}
          />
        ))}
      </ul>
      {error !== null && <Refusal error={error} show={(value) => exactWithUnit(value, null)} />}
      {approve.data !== undefined && <Approved result={approve.data} />}
    </section>
  )
}

interface RowProps {
  readonly write: PendingWrite
  readonly busy: boolean
  onApprove(): void
  onReject(): void
}

function PendingRow({ write, busy, onApprove, onReject }: RowProps) {
  const now = useNow()
  const may = useMay('approve')
  const key = `${write.device}/${write.tag}`
  const unit = useLive((store) => store.find(key)?.unit ?? null)
  const after = exactWithUnit(write.value, unit)
  return (
    <li className="bar">
      <bdi className="numbers">
        <strong>{words.change(key, exactWithUnit(write.before, unit), after)}</strong>
      </bdi>
      <span className="quiet">
        {words.asked(write.user, write.reason)} · {words.expires(formatDuration(Date.parse(write.expiresAt) - now))}
      </span>
      <span className="grow" />
      {may && (
        <>
          <Button size="compact-sm" aria-label={words.approveLabel(key, after)} disabled={busy} onClick={onApprove}>
            {words.approve}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={words.rejectLabel(key)}
            disabled={busy}
            onClick={onReject}
          >
            {words.reject}
          </Button>
        </>
      )}
    </li>
  )
}

function Approved({ result }: { result: WriteView }) {
  const key = `${result.device}/${result.tag}`
  const unit = useLive((store) => store.find(key)?.unit ?? null)
  return (
    <div role="status">
      <strong>
        <bdi>{key}</bdi>
      </strong>
      <Result result={result} show={(value) => exactWithUnit(value, unit)} />
    </div>
  )
}
