/**
 * Edits of the configuration, before they are saved: what a dry run says that they come to, file by file, then the button. They are made on
 * top of the version that was seen (If-Match); where somebody changed the same meanwhile both sides are shown, and nothing is lost.
 */
import { TextInput, Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call, callTagged, ProblemError, type CallInput } from '../../api/client.ts'
import { idempotent } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'
import { configChangeStrings as strings } from '../../strings/config-change.ts'
import { Confirm } from '../confirm.tsx'
import { Elapsed } from '../elapsed.tsx'
import { ProblemNote } from '../problem-note.tsx'
import { PlanView } from './plan-view.tsx'

const EDITS = 'POST /api/v1/config/edits'
export type ConfigEdit = Operations[typeof EDITS]['body']['edits'][number]
export type Applied = NonNullable<Operations[typeof EDITS]['answer']['applied']>

/** What to do where a setting stands in a template, in the environment, or in a file that others use too. */
type Choice = keyof typeof strings.choices

interface Props {
  readonly title: string
  readonly text?: ReactNode
  readonly edits: readonly ConfigEdit[]
  /** The version that was seen when these edits were made; absent: the one that runs now. */
  readonly seen?: string | undefined
  /** Names the effect: "Save 3 changes of press-1". */
  readonly label: string
  readonly typed?: string
  onDone(applied: Applied): void
  onClose(): void
}

/** In a dialog. */
export function SaveEdits(props: Props) {
  const { title, text, label, typed, onClose } = props
  const saving = useSaving(props)
  return (
    <Confirm
      title={title}
      text={text}
      label={label}
      {...(typed === undefined ? {} : { typed })}
      size="xl"
      busy={saving.busy}
      disabled={!saving.ready}
      onConfirm={saving.save}
      onClose={onClose}
    >
      {saving.body}
    </Confirm>
  )
}

/** Where it stands, as the last step of something. */
export function SaveEditsHere(props: Omit<Props, 'title' | 'text' | 'typed' | 'onClose'> & { children?: ReactNode }) {
  const saving = useSaving(props)
  return (
    <form
      className="save-here"
      onSubmit={(event) => {
        event.preventDefault()
        if (saving.ready) saving.save()
      }}
    >
      {saving.body}
      {saving.busy && <Elapsed label={strings.saving} />}
      <div className="bar end">
        {props.children}
        <Button type="submit" disabled={!saving.ready || saving.busy}>
          {props.label}
        </Button>
      </div>
    </form>
  )
}

function useSaving({ edits, seen, onDone }: Pick<Props, 'edits' | 'seen' | 'onDone'>) {
  const [version, setVersion] = useState(seen)
  const [reason, setReason] = useState('')
  const [choice, setChoice] = useState<Choice>()
  const queries = useQueryClient()
  const body = (dryRun: boolean) => ({ edits: chosen(edits, choice), dryRun }) satisfies CallInput<typeof EDITS>['body']
  const planned = useQuery({
    queryKey: ['config plan', edits, version, choice],
    gcTime: 0,
    retry: false,
    queryFn: async ({ signal }) => {
      const ifMatch = version ?? (await versionNow(signal))
      const { plan } = await call(EDITS, { body: body(true), ifMatch, signal })
      return { plan: plan!, ifMatch }
    },
  })
  const save = useMutation({
    mutationFn: () =>
      call(EDITS, {
        body: { ...body(false), ...(reason === '' ? {} : { message: reason }) },
        ifMatch: planned.data!.ifMatch,
        ...idempotent(),
      }),
    onSuccess: ({ applied }) => {
      void queries.invalidateQueries({ predicate: ({ queryKey: [name] }) => isTouched(name) })
      onDone(applied!)
    },
  })
  const replan = async () => {
    save.reset()
    setVersion(await versionNow())
  }
  const error = save.error ?? planned.error
  const isOld = error instanceof ProblemError && error.code === 'CHANGED_MEANWHILE'
  const isPlanned = planned.data !== undefined && !isOld && planned.error === null
  return {
    ready: isPlanned && !planned.isFetching,
    busy: save.isPending,
    save: () => save.mutate(),
    body: (
      <>
        {planned.isFetching && <Elapsed label={strings.planning} />}
        <ProblemNote error={error} what={save.error === null ? strings.failedPlan : strings.failed} />
        {isOld && <Wanted edits={edits} />}
        {isOld && (
          <Button size="compact-sm" variant="default" onClick={() => void replan()}>
            {strings.replan}
          </Button>
        )}
        {choicesOf(error).map((one) => (
          <Button key={one} size="compact-sm" variant="default" onClick={() => setChoice(one)}>
            {strings.choices[one]}
          </Button>
        ))}
        {isPlanned && <PlanView plan={planned.data.plan} />}
        {isPlanned && (
          <TextInput
            size="xs"
            mt="sm"
            maxLength={500}
            label={strings.reason}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
      </>
    ),
  }
}

const chosen = (edits: readonly ConfigEdit[], choice: Choice | undefined): ConfigEdit[] =>
  edits.map((edit) => (choice === undefined || 'entry' in edit ? edit : { ...edit, choice }))

const choicesOf = (error: Error | null): readonly Choice[] =>
  (error instanceof ProblemError ? (error.problem.details?.choices ?? []) : []).filter(
    (one): one is Choice => one in strings.choices,
  )

/** One's own side of a conflict. */
function Wanted({ edits }: { edits: readonly ConfigEdit[] }) {
  return (
    <details open data-testid="wanted">
      <summary>{strings.wanted}</summary>
      <pre className="hex">{edits.slice(0, MOST_WANTED).map(lineOf).join('\n')}</pre>
    </details>
  )
}

const MOST_WANTED = 100

const nameOf = (name: unknown): string => (typeof name === 'string' ? name : '')

function lineOf(edit: ConfigEdit): string {
  if (edit.do === 'add') return `+ ${edit.kind} ${nameOf(edit.entry.name)}`
  const { kind, name } = edit.object
  if (edit.do === 'remove') return `- ${kind} ${name}`
  const setting = `~ ${kind} ${name}: ${edit.setting.join('.')}`
  return edit.do === 'unset' ? `${setting} –` : `${setting} ${JSON.stringify(edit.value)}`
}

/** The version that runs. */
const versionNow = async (signal?: AbortSignal): Promise<string | undefined> =>
  (await callTagged('GET /api/v1/config/status', { signal })).tag

const isTouched = (name: unknown): boolean =>
  typeof name === 'string' && /^GET \/api\/v1\/(config|devices|lines|sinks|values)/.test(name)
