/** The lock of all writes: said to everybody where it holds, locked and unlocked by whoever may. */
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useAsk, useDo } from '../../../api/ask.ts'
import { formatTime } from '../../../format.ts'
import { Confirm } from '../../../parts/confirm.tsx'
import { useMay } from '../../../shell/permissions.ts'
import { StateMark } from '../../../status-mark.tsx'
import { valuesStrings } from '../../../strings/values.ts'

const words = valuesStrings.writes
const EVERY_MS = 3000

/** Whether all writes are locked, by whom, since when and why. */
export const useLock = () => useAsk('GET /api/v1/writes/lock', {}, { everyMs: EVERY_MS })

export function LockButton() {
  const { data } = useLock()
  const may = useMay('lock')
  const [asking, setAsking] = useState(false)
  if (!may || data === undefined || data.locked) return null
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
        {words.lock}
      </Button>
      {asking && <LockDialog onClose={() => setAsking(false)} />}
    </>
  )
}

export function LockBanner() {
  const { data } = useLock()
  const may = useMay('lock')
  const [asking, setAsking] = useState(false)
  if (data?.locked !== true) return null
  return (
    <div className="writes-locked" role="status" data-testid="writes-locked">
      <StateMark state="Degraded" />
      <span>{lockText(data)}</span>
      {may && (
        <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
          {words.unlock}
        </Button>
      )}
      {asking && <UnlockDialog onClose={() => setAsking(false)} />}
    </div>
  )
}

interface Lock {
  readonly by: string | null
  readonly since: string | null
  readonly reason: string | null
}

export const lockText = ({ by, since, reason }: Lock): string =>
  words.locked(by ?? '', formatTime(Date.parse(since ?? '')), reason ?? '')

function LockDialog({ onClose }: { onClose(): void }) {
  const [reason, setReason] = useState('')
  const lock = useDo('PUT /api/v1/writes/lock', ['GET /api/v1/writes/lock'])
  return (
    <Confirm
      title={words.lockTitle}
      text={words.lockText}
      label={words.lockEffect}
      busy={lock.isPending}
      error={lock.error}
      disabled={reason.trim() === ''}
      onConfirm={() => lock.mutate({ body: { reason } }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Reason label={words.reason} value={reason} onChange={setReason} />
    </Confirm>
  )
}

function UnlockDialog({ onClose }: { onClose(): void }) {
  const [reason, setReason] = useState('')
  const unlock = useDo('DELETE /api/v1/writes/lock', ['GET /api/v1/writes/lock'])
  const query = reason.trim() === '' ? {} : { reason }
  return (
    <Confirm
      title={words.unlockTitle}
      text={words.unlockText}
      label={words.unlockEffect}
      busy={unlock.isPending}
      error={unlock.error}
      onConfirm={() => unlock.mutate({ query }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Reason label={words.unlockReason} value={reason} onChange={setReason} />
    </Confirm>
  )
}

function Reason({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  return (
    <TextInput
      data-autofocus
      mt="sm"
      label={label}
      autoComplete="off"
      maxLength={1000}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
