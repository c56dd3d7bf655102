/** Before files are written: what it comes to, what changes in them, and what somebody else did meanwhile. */
import { Button, Modal } from '@mantine/core'
import { useMemo } from 'react'
import { useDo } from '../../api/ask.ts'
import { ProblemError } from '../../api/client.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { configurationStrings } from '../../strings/configuration.ts'
import { partStrings } from '../../strings/parts.ts'
import { CHANGED_BY_CONFIG } from './changed.ts'
import { DiffView } from './diff-view.tsx'
import { textsOf, type Draft } from './drafts.ts'
import { HowForm } from './how-form.tsx'
import { unifiedPatch } from './line-diff.ts'
import { PlanLines } from './plan-lines.tsx'
import type { Checked } from './use-check.ts'

const strings = configurationStrings.apply

interface Props {
  readonly drafts: ReadonlyMap<string, Draft>
  readonly plan: NonNullable<Checked['plan']> | undefined
  onClose(): void
  /** What came of it, as a sentence. */
  onApplied(done: string): void
  onTakeOver(): void
}

export function ApplyDialog({ drafts, plan, onClose, onApplied, onTakeOver }: Props) {
  const apply = useDo('POST /api/v1/config/apply', CHANGED_BY_CONFIG)
  const patch = useMemo(
    () => [...drafts].map(([path, { base, text }]) => unifiedPatch(path, base.text, text)).join(''),
    [drafts],
  )
  const { error } = apply
  // One version for all of them: where they are of several, somebody else was there, and it is refused.
  const tag = [...new Set([...drafts.values()].map(({ base }) => base.tag))].join(' ')
  return (
    <Modal opened onClose={onClose} size="xl" title={strings.title}>
      {plan !== undefined && <PlanLines lines={plan.lines} />}
      <DiffView patch={patch} label={strings.diff} />
      <ProblemNote error={error} what={strings.failed} />
      {error instanceof ProblemError && error.code === 'CHANGED_MEANWHILE' && (
        <p>
          <Button onClick={onTakeOver}>{strings.takeOver}</Button> <span className="quiet">{strings.takeOverHint}</span>
        </p>
      )}
      {apply.isPending && <Elapsed label={partStrings.loading} />}
      <HowForm
        label={strings.effect(drafts.size)}
        disabled={apply.isPending}
        onCancel={onClose}
        onSend={(how) =>
          apply.mutate(
            { body: { files: textsOf(drafts), ...how }, ifMatch: tag },
            {
              onSuccess: ({ version, confirmUntil }) =>
                onApplied((confirmUntil === null ? strings.done : strings.doneTrial)(version)),
            },
          )
        }
      />
    </Modal>
  )
}
