/** A backup is chosen and looked at: what made it, what it would change here, what is missing. Only then it is restored. */
import { Button, PasswordInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { callTagged } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'
import { formatMoment, formatCount } from '../../format.ts'
import { useLive } from '../../live/context.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { StateMark } from '../../status-mark.tsx'
import { backupStrings } from '../../strings/backup.ts'
import { PlanLines } from '../configuration/plan-lines.tsx'
import { Fact } from '../configuration/fact.tsx'
import { formatBytes, toBase64 } from './bytes.ts'
import { PartsTable } from './parts-table.tsx'
import { RestoreDialog, type Restored } from './restore-dialog.tsx'

const strings = backupStrings.restore

export type Preview = Operations['POST /api/v1/backup/preview']['answer']
export type Part = Preview['parts'][number]['part']

/** What the gateway takes at most, as base64 in JSON. */
const MOST_BYTES = 22 * 1024 * 1024

export function RestoreBackup() {
  const [secrets, setSecrets] = useState<Readonly<Record<string, string>>>({})
  const [restored, setRestored] = useState<Restored>()
  const preview = useMutation({
    mutationFn: async (given: {
      readonly file?: File
      readonly archive?: string
      readonly secrets: Readonly<Record<string, string>>
    }) => {
      // prettier-ignore
      const { file } = given
      if (file !== undefined && file.size > MOST_BYTES) throw new TooBig(strings.tooBig(formatBytes(file.size)))
      const archive = file === undefined ? given.archive! : await toBase64(file)
      const body = { archive, secrets: given.secrets }
      // What is restored is what was looked at, on top of what it was compared with.
      return { archive, ...(await callTagged('POST /api/v1/backup/preview', { body })) }
    },
  })
  const look = (file: File | undefined) => {
    setRestored(undefined)
    setSecrets({})
    if (file !== undefined) preview.mutate({ file, secrets: {} })
  }
  return (
    <Panel title={strings.title}>
      <p>{strings.text}</p>
      <label className="backup-file">
        <span>{strings.file}</span>
        <input
          type="file"
          accept=".gz,.tgz,application/gzip"
          onChange={(event) => look(event.currentTarget.files?.[0])}
        />
      </label>
      {preview.isPending && <Elapsed label={strings.reading} />}
      {preview.error instanceof TooBig ? (
        <p role="alert" className="state-word">
          <StateMark state="Failed" /> {preview.error.message}
        </p>
      ) : (
        <ProblemNote error={preview.error} what={strings.notRead} />
      )}
      {restored !== undefined && <Done restored={restored} />}
      {preview.data !== undefined && restored === undefined && !preview.isPending && (
        <Looked
          preview={preview.data.answer}
          archive={preview.data.archive}
          tag={preview.data.tag}
          secrets={secrets}
          onSecrets={(next) => {
            setSecrets(next)
            preview.mutate({ archive: preview.data.archive, secrets: next })
          }}
          onRestored={setRestored}
        />
      )}
    </Panel>
  )
}

class TooBig extends Error {}

interface LookedProps {
  readonly preview: Preview
  readonly archive: string
  /** The version that it was compared with. */
  readonly tag: string | undefined
  readonly secrets: Readonly<Record<string, string>>
  onSecrets(secrets: Readonly<Record<string, string>>): void
  onRestored(restored: Restored): void
}

function Looked({ preview, archive, tag, secrets, onSecrets, onRestored }: LookedProps) {
  const { manifest, parts, plan, problems, missingSecrets } = preview
  const here = useLive((store) => store.gateway?.version)
  const [chosen, setChosen] = useState<ReadonlySet<Part>>(new Set(['config']))
  const [asking, setAsking] = useState(false)
  const ready = chosen.size > 0 && (!chosen.has('config') || preview.ok)
  return (
    <div className="backup-seen" data-testid="preview">
      <dl className="config-facts">
        <Fact name={strings.madeAt}>{formatMoment(Date.parse(manifest.createdAt))}</Fact>
        <Fact name={strings.madeBy}>
          {strings.version(manifest.gateway.version)}
          {here !== undefined && here !== manifest.gateway.version && (
            <span className="quiet"> ({strings.versionHere(here)})</span>
          )}
        </Fact>
        <Fact name={strings.ofVersion}>
          {strings.ofVersionText(manifest.config.version, manifest.config.hash.slice(0, 12))}
        </Fact>
        <Fact name={strings.files}>{formatCount(manifest.files)}</Fact>
      </dl>
      {here !== undefined && here !== manifest.gateway.version && (
        <p className="state-word">
          <StateMark state="Degraded" /> {strings.newer}
        </p>
      )}
      <PartsTable parts={parts} chosen={chosen} onChoose={setChosen} />
      {problems.length > 0 && <Problems problems={problems} />}
      {missingSecrets.length > 0 && (
        <MissingSecrets places={missingSecrets} onGive={(given) => onSecrets({ ...secrets, ...given })} />
      )}{' '}
      {/* prettier-ignore */}
      {plan !== null && <PlanLines lines={plan.lines} />}
      {manifest.leftOut.length > 0 && (
        <details>
          <summary>{strings.leftOut}</summary>
          <ul className="problem-places">
            {manifest.leftOut.map(({ what, why }) => (
              <li key={what}>
                {what}: {why}
              </li>
            ))}
          </ul>
        </details>
      )}
      <p>
        <Button disabled={!ready} onClick={() => setAsking(true)}>
          {strings.effect}
        </Button>
      </p>
      {asking && (
        <RestoreDialog
          archive={archive}
          secrets={secrets}
          parts={[...chosen]}
          tag={tag}
          onClose={() => setAsking(false)}
          onRestored={onRestored}
        />
      )}
    </div>
  )
}

const Problems = ({ problems }: { problems: readonly string[] }) => (
  <section className="problem" aria-label={strings.problems} data-testid="backup-problems">
    <StateMark state="Failed" />
    <div className="problem-text">
      <p>
        <strong>{strings.problems}</strong>
      </p>
      <ul className="problem-places">
        {problems.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
      </ul>
    </div>
  </section>
)

interface MissingProps {
  readonly places: readonly string[]
  onGive(secrets: Readonly<Record<string, string>>): void
}

function MissingSecrets({ places, onGive }: MissingProps) {
  const [given, setGiven] = useState<Readonly<Record<string, string>>>({})
  const whole = places.every((place) => (given[place] ?? '') !== '')
  return (
    <form
      className="backup-secrets"
      aria-label={strings.missing}
      onSubmit={(event) => {
        event.preventDefault()
        if (whole) onGive(given)
      }}
    >
      <h3>{strings.missing}</h3>
      <p className="quiet">{strings.missingText}</p>
      <div className="form-grid">
        {places.map((place) => (
          <PasswordInput
            key={place}
            label={strings.secretOf(place)}
            autoComplete="off"
            value={given[place] ?? ''}
            onChange={(event) => setGiven({ ...given, [place]: event.currentTarget.value })}
          />
        ))}
      </div>
      <Button type="submit" variant="default" disabled={!whole}>
        {strings.changedMeanwhile}
      </Button>
    </form>
  )
}

function Done({ restored: { applied, written } }: { restored: Restored }) {
  return (
    <p className="bar" role="status" data-testid="restored">
      {applied !== null && (applied.confirmUntil === null ? strings.done : strings.doneTrial)(applied.version)}{' '}
      {written.length > 0 && strings.doneFiles(formatCount(written.length))}
      {applied !== null && <Link href={hrefOf('/configuration')}>{strings.toConfiguration}</Link>}
    </p>
  )
}
