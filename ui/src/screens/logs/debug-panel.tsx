/** More of the log for a while: of all, or of one component or device; counted down, ended by itself or by hand. */
import { Button, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { useAccess } from '../../access/context.ts'
import { useAsk, useDo } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { useLive, useNow } from '../../live/context.ts'
import { Asked } from '../../parts/asked.tsx'
import { countdown } from '../../parts/moment.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { StateMark } from '../../status-mark.tsx'
import { logStrings } from '../../strings/logs.ts'
import { partStrings } from '../../strings/parts.ts'

const strings = logStrings.debug
const LEVELS = 'GET /api/v1/logs/levels'
const DURATIONS = Object.keys(strings.durations) as (keyof typeof strings.durations)[]

type Order = Operations[typeof LEVELS]['answer']['forAWhile'][number]
type Scope = { component?: string; device?: string; sink?: string }

export function DebugPanel() {
  const { state } = useAccess()
  const isLimited = 'user' in state && state.user.limited.includes('diagnose')
  const levels = useAsk(LEVELS, {}, { everyMs: 5000, when: !isLimited })
  const devices = useLive((store) => store.devices)
  const start = useDo('PUT /api/v1/logs/levels', [LEVELS])
  const [scope, setScope] = useState('')
  const [duration, setDuration] = useState<(typeof DURATIONS)[number]>('10m')
  if (isLimited) return <p className="quiet">{strings.partly}</p>
  if (levels.data === undefined) return <Asked query={levels}>{() => null}</Asked>
  const { configured, components, forAWhile } = levels.data
  const kinds = [
    ['component', components],
    ['device', devices.map(({ name }) => name)],
  ] as const
  return (
    <div className="panel debug-panel">
      <div className="bar">
        <strong>{strings.panel}</strong>
        <span className="quiet" title={strings.configuredTitle}>
          {strings.configured(configured)}
        </span>
        <span className="grow" />
        <NativeSelect
          size="xs"
          aria-label={strings.scope}
          value={scope}
          onChange={(event) => setScope(event.currentTarget.value)}
          data={[
            { value: '', label: strings.whole },
            ...kinds.flatMap(([kind, names]) =>
              names.map((name) => ({ value: JSON.stringify({ [kind]: name }), label: strings[kind](name) })),
            ),
          ]}
        />
        <NativeSelect
          size="xs"
          aria-label={strings.duration}
          value={duration}
          onChange={(event) => setDuration(event.currentTarget.value as (typeof DURATIONS)[number])}
          data={DURATIONS.map((value) => ({ value, label: `${strings.duration} ${strings.durations[value]}` }))}
        />
        <Button
          size="compact-sm"
          disabled={start.isPending}
          onClick={() => start.mutate({ body: { level: 'debug', duration, ...parseScope(scope) } })}
        >
          {strings.start}
        </Button>
      </div>
      <ProblemNote error={levels.error} what={partStrings.stale} />
      {forAWhile.map((order) => (
        <Running key={JSON.stringify(scopeOf(order))} order={order} />
      ))}
      <ProblemNote error={start.error} what={strings.failed} />
    </div>
  )
}

function Running({ order }: { order: Order }) {
  const now = useNow()
  const end = useDo('DELETE /api/v1/logs/levels', [LEVELS])
  const { level, by, until } = order
  const what = wordsOf(order)
  return (
    <>
      <div className="bar" data-testid="for-a-while">
        <span className="state-word numbers">
          <StateMark state="Degraded" />
          {strings.running(level, what, countdown(Date.parse(until) - now))}
        </span>
        <span className="quiet">{strings.by(by)}</span>
        <Button
          size="compact-xs"
          variant="default"
          aria-label={strings.revertOf(what)}
          disabled={end.isPending}
          onClick={() => end.mutate({ query: scopeOf(order) })}
        >
          {strings.revert}
        </Button>
      </div>
      <ProblemNote error={end.error} what={strings.failed} />
    </>
  )
}

const scopeOf = ({ component, device, sink }: Order): Scope => ({
  ...(component === null ? {} : { component }),
  ...(device === null ? {} : { device }),
  ...(sink === null ? {} : { sink }),
})

function wordsOf({ component, device, sink }: Order): string {
  if (component !== null) return strings.component(component)
  if (device !== null) return strings.device(device)
  return sink === null ? strings.whole : strings.sink(sink)
}

const parseScope = (text: string): Scope => (text === '' ? {} : (JSON.parse(text) as Scope))
