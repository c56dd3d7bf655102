/** Filters above the live table. All of them live in the address. */
import { Button, Switch, TextInput } from '@mantine/core'
import { useMemo } from 'react'
import { formatCount } from '../format.ts'
import { useLive } from '../live/context.ts'
import type { LiveTag } from '../live/store.ts'
import { severityOf } from '../status.ts'
import { strings } from '../strings.ts'
import type { View } from '../url-state.ts'
import { ValueTable } from './value-table.tsx'

interface Props {
  readonly view: View
  readonly pens: readonly string[]
  change(part: Partial<View>): void
  onPen(key: string): void
  onFacts(key: string): void
  onWrite(key: string): void
}

export function ValuePanel({ view, pens, change, onPen, onFacts, onWrite }: Props) {
  const tags = useLive((store) => store.tags)
  const severities = useLive((store) => (view.abnormalOnly ? store.severities : 0))
  const loaded = useLive((store) => store.snapshots > 0)
  const shown = useMemo(
    () => tags.filter((tag) => matches(tag, view)),
    [tags, view.q, view.device, view.abnormalOnly, severities],
  )
  const filtered = view.q !== '' || view.device !== undefined || view.abnormalOnly
  return (
    <section className="panel values" aria-labelledby="values-title">
      <div className="bar">
        <h2 id="values-title">{strings.values.title}</h2>
        <TextInput
          size="xs"
          className="filter"
          aria-label={strings.values.filter}
          placeholder={strings.values.filterHint}
          value={view.q}
          onChange={(event) => change({ q: event.currentTarget.value })}
        />
        <Switch
          size="sm"
          label={strings.values.errorsOnly}
          checked={view.abnormalOnly}
          onChange={(event) => change({ abnormalOnly: event.currentTarget.checked })}
        />
        {view.device !== undefined && (
          <Button size="compact-xs" variant="default" onClick={() => change({ device: undefined })}>
            {strings.values.clearDevice(view.device)}
          </Button>
        )}
        <span className="grow" />
        <span className="quiet numbers" data-testid="count">
          {strings.values.count(formatCount(shown.length), formatCount(tags.length))}
        </span>
      </div>
      {shown.length > 0 ? (
        <ValueTable tags={shown} pens={pens} onPen={onPen} onFacts={onFacts} onWrite={onWrite} />
      ) : (
        <div className="empty">
          <p>{emptyText(loaded, view, tags.length)}</p>
          {loaded && filtered && tags.length > 0 && (
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => change({ q: '', device: undefined, abnormalOnly: false })}
            >
              {strings.values.clear}
            </Button>
          )}
        </div>
      )}
    </section>
  )
}

function matches(tag: LiveTag, view: View): boolean {
  if (view.device !== undefined && tag.device !== view.device) return false
  if (view.abnormalOnly && severityOf(tag.status) === 'good') return false
  return view.q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => tag.searched.includes(word))
}

function emptyText(loaded: boolean, view: View, total: number): string {
  if (!loaded) return strings.values.waiting
  if (total === 0) return strings.values.noTags
  return view.abnormalOnly && view.q === '' ? strings.values.allGood : strings.values.noMatch
}
