/** Before anything is changed: what it comes to, row by row and file by file; what the gateway refuses; and what somebody else did meanwhile. */
import { Button, Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { ProblemError } from '../../api/client.ts'
import { formatCount } from '../../format.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { tagStrings } from '../../strings/tags.ts'
import { HowForm, type How } from '../configuration/how-form.tsx'
import { Counts, PlanView } from './plan-view.tsx'
import { rowOfPlace, type SavePlan } from './save.ts'
import type { TagSheet } from './sheet.ts'
import { previewOf, useSave, type Applied, type Imported, type Preview } from './use-save.ts'

const strings = tagStrings.save

interface Props {
  readonly device: string
  readonly sheet: TagSheet
  readonly plan: SavePlan
  readonly tag: string | undefined
  onClose(): void
  onSaved(applied: Applied): void
  /** To the cell that was refused. */
  onShow(at: number, column: string | undefined): void
  /** Takes over what somebody else did, and keeps what is unsaved. */
  onTakeOver(): void
}

export function SaveDialog({ device, sheet, plan, tag, onClose, onSaved, onShow, onTakeOver }: Props) {
  const [choice, setChoice] = useState<'shared'>()
  const target = { device, tag, choice }
  // The plan is of the moment when this was opened.
  const id = useId()
  const preview = useQuery({
    queryKey: ['tags preview', id, tag, choice],
    queryFn: async ({ signal }) => {
      const seen = await previewOf(plan, target, signal)
      sheet.refuse(faultsOf(seen, plan))
      return seen
    },
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  })
  const save = useSave()
  const error = save.error ?? preview.error
  const ready =
    preview.data?.plan !== undefined && preview.data.rejected.length === 0 && !preview.isFetching && !save.isPending
  const send = (how: How) => save.mutate({ plan, target, how }, { onSuccess: onSaved })
  // What is on its way is heard of: otherwise it would still look unsaved.
  const leave = () => save.isPending || onClose()
  return (
    <Modal opened onClose={leave} size="xl" title={strings.title(device)}>
      {preview.isFetching && <Elapsed label={strings.asking} />}
      {preview.data !== undefined && !preview.isFetching && error === null && (
        <>
          <Counts counts={preview.data.counts} />
          <Rejected rows={preview.data.rejected} plan={plan} onShow={onShow} />
          {plan.by.kind === 'list' && plan.by.mode === 'replace' && <p className="quiet">{strings.whole}</p>}
          {preview.data.plan !== undefined && <PlanView plan={preview.data.plan} />}
        </>
      )}
      <Refusal error={error} choice={choice} onShared={() => setChoice('shared')} onTakeOver={onTakeOver} />
      {save.isPending && <Elapsed label={strings.saving} />}
      <HowForm
        label={strings.effect(formatCount(sheet.pending.size), device)}
        disabled={!ready}
        onCancel={leave}
        onSend={send}
      />
    </Modal>
  )
}

interface RefusalProps {
  readonly error: Error | null
  readonly choice: 'shared' | undefined
  onShared(): void
  onTakeOver(): void
}

/** Why not, and what can be done about it. */
export function Refusal({ error, choice, onShared, onTakeOver }: RefusalProps) {
  const problem = error instanceof ProblemError ? error : undefined
  const choices = problem?.problem.details?.choices ?? []
  return (
    <>
      <ProblemNote error={error} what={strings.notSaved} />
      {problem?.code === 'CHANGED_MEANWHILE' && (
        <p>
          <Button onClick={onTakeOver}>{strings.takeOver}</Button> <span className="quiet">{strings.takeOverHint}</span>
        </p>
      )}
      {choices.includes('shared') && choice === undefined && <Button onClick={onShared}>{strings.shared}</Button>}
    </>
  )
}

interface RejectedProps {
  readonly rows: Imported['rows']
  readonly plan: SavePlan
  onShow(at: number, column: string | undefined): void
}

const MOST_SHOWN = 100

function Rejected({ rows, plan, onShow }: RejectedProps) {
  if (rows.length === 0) return null
  return (
    <section className="problem" aria-label={strings.rejected} data-testid="rejected">
      <div className="problem-text">
        <p>
          <strong>{strings.rejected}</strong>
        </p>
        <ul className="problem-places">
          {rows.slice(0, MOST_SHOWN).map(({ place, name, column, reason }) => {
            const at = rowOfPlace(plan.changed, place)
            return (
              <li key={`${place} ${column}`}>
                <bdi>{name}</bdi>, {column}: {reason}{' '}
                {at !== undefined && (
                  <Button size="compact-xs" variant="default" onClick={() => onShow(at, column)}>
                    {strings.show}
                  </Button>
                )}
              </li>
            )
          })}
        </ul>
      </div>
    </section>
  )
}

function faultsOf({ rejected }: Preview, plan: SavePlan) {
  return rejected.flatMap(({ place, column = 'name', reason = '' }) => {
    const at = rowOfPlace(plan.changed, place)
    return at === undefined ? [] : [{ at, column, reason }]
  })
}
