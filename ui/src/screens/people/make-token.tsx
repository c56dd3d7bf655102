/** Makes a token: what it may, where, until when; and shows it, this once. */
import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Field } from '../../access/form-parts.tsx'
import { useDo } from '../../api/ask.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { useUnsaved } from '../../shell/leave-guard.tsx'
import type { Permission } from '../../shell/permissions.ts'
import { SeverityMark } from '../../status-mark.tsx'
import { peopleStrings } from '../../strings/people.ts'
import { grantsOf } from './grants.ts'

const strings = peopleStrings.tokens
const DAY_MS = 86_400_000
const DAYS = ['7', '30', '90', '365'] as const
type End = (typeof DAYS)[number] | 'day' | 'never'

interface Props {
  readonly may: readonly Permission[]
  onClose(): void
}

export function MakeToken({ may, onClose }: Props) {
  const make = useDo('POST /api/v1/tokens', ['GET /api/v1/tokens'])
  const [name, setName] = useState('')
  const [permissions, setPermissions] = useState<readonly Permission[]>(may.includes('view') ? ['view'] : [])
  const [devices, setDevices] = useState('')
  const [areas, setAreas] = useState('')
  const [end, setEnd] = useState<End>('90')
  const [day, setDay] = useState('')
  if (make.data !== undefined) return <Made name={make.data.info.name} token={make.data.token} onClose={onClose} />
  const expiresAt = endOf(end, day)
  const submit = () => {
    if (expiresAt === undefined) return
    make.mutate({ body: { name: name.trim(), grants: grantsOf(permissions, devices, areas), expiresAt } })
  }
  return (
    <FormDialog
      title={strings.makeTitle}
      label={strings.makeEffect(name.trim())}
      busy={make.isPending}
      error={make.error}
      what={strings.notMade}
      disabled={name.trim() === '' || permissions.length === 0 || expiresAt === undefined}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        data-autofocus
        label={strings.name}
        description={strings.nameWhy}
        autoComplete="off"
        value={name}
        onChange={setName}
      />
      <fieldset className="choices">
        <legend>{strings.may}</legend>
        {may.map((permission) => (
          <label key={permission}>
            <input
              type="checkbox"
              checked={permissions.includes(permission)}
              onChange={(event) => {
                const on = event.currentTarget.checked
                setPermissions(may.filter((one) => (one === permission ? on : permissions.includes(one))))
              }}
            />
            <code>{permission}</code>
          </label>
        ))}
        <p className="quiet">{strings.mayWhy}</p>
      </fieldset>
      <div className="form-grid">
        <Field
          required={false}
          label={strings.devices}
          description={strings.devicesWhy}
          value={devices}
          onChange={setDevices}
        />
        <Field
          required={false}
          label={strings.areas}
          description={strings.areasWhy}
          value={areas}
          onChange={setAreas}
        />
      </div>
      {devices + areas !== '' && <p className="quiet">{strings.scopeNote}</p>}
      <div className="form-grid">
        <NativeSelect
          mt="sm"
          label={strings.ends}
          value={end}
          onChange={(event) => setEnd(event.currentTarget.value as End)}
          data={[
            ...DAYS.map((days) => ({ value: days, label: strings.days(days) })),
            { value: 'day', label: strings.onDay },
            { value: 'never', label: strings.endless },
          ]}
        />
        {end === 'day' && (
          <TextInput
            mt="sm"
            type="date"
            label={strings.day}
            value={day}
            onChange={(event) => setDay(event.currentTarget.value)}
          />
        )}
      </div>
      {end === 'never' && (
        <p className="state-word">
          <SeverityMark severity="uncertain" />
          {strings.endlessWarn}
        </p>
      )}
    </FormDialog>
  )
}

/** When the token ends, as the API takes it; undefined: nothing was chosen yet. */
function endOf(end: End, day: string): string | null | undefined {
  if (end === 'never') return null
  if (end !== 'day') return new Date(Date.now() + Number(end) * DAY_MS).toISOString()
  // The last day counts whole, in local time.
  const last = new Date(`${day}T23:59:59`)
  return Number.isNaN(last.getTime()) ? undefined : last.toISOString()
}

/** Closed by its button only: it cannot be shown again. */
function Made({ name, token, onClose }: { name: string; token: string; onClose(): void }) {
  useUnsaved(strings.guard)
  return (
    <Modal
      opened
      size={620}
      centered
      title={strings.madeTitle(name)}
      onClose={() => undefined}
      closeOnEscape={false}
      closeOnClickOutside={false}
      withCloseButton={false}
    >
      <p>{strings.madeWhy}</p>
      <div className="secret-once">
        <code className="hex" data-testid="token">
          {token}
        </code>
        <CopyButton text={token} />
      </div>
      <div className="bar end">
        <Button onClick={onClose}>{strings.copied}</Button>
      </div>
    </Modal>
  )
}
