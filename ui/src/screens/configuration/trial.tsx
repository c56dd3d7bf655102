/** A version on trial: how long it has, and the two ways out. */
import { Button } from '@mantine/core'
import { useDo } from '../../api/ask.ts'
import { useNow } from '../../live/context.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { useMay } from '../../shell/permissions.ts'
import { StateMark } from '../../status-mark.tsx'
import { configurationStrings } from '../../strings/configuration.ts'
import { partStrings } from '../../strings/parts.ts'
import { CHANGED_BY_CONFIG } from './changed.ts'
import type { ConfigStatus } from './status.tsx'

const strings = configurationStrings.trial

export function TrialPanel({ trial }: { trial: NonNullable<ConfigStatus['trial']> }) {
  const may = useMay('config.write')
  const now = useNow()
  const leftMs = Date.parse(trial.until) - now
  const keep = useDo('POST /api/v1/config/confirm', CHANGED_BY_CONFIG)
  const revert = useDo('POST /api/v1/config/rollback', CHANGED_BY_CONFIG)
  const busy = keep.isPending || revert.isPending
  return (
    <section className="panel config-trial" aria-labelledby="trial-title" data-testid="trial">
      <h2 id="trial-title" className="state-word">
        <StateMark state="Degraded" /> {strings.title(trial.version)}
      </h2>
      <p className="numbers" role="timer">
        {leftMs > 0 ? strings.text(trial.previous, clockOf(leftMs)) : strings.over(trial.previous)}
      </p>
      {may && (
        <div className="bar">
          <Button disabled={busy} onClick={() => keep.mutate({ body: {} })}>
            {strings.confirm(trial.version)}
          </Button>
          <Button
            variant="default"
            disabled={busy}
            onClick={() => revert.mutate({ body: { version: trial.previous } })}
          >
            {strings.revert(trial.previous)}
          </Button>
          {busy && <Elapsed label={partStrings.loading} />}
        </div>
      )}
      <ProblemNote error={keep.error} what={strings.confirmFailed} />
      <ProblemNote error={revert.error} what={strings.revertFailed} />
    </section>
  )
}

/** `4:07`: the seconds count. */
function clockOf(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
