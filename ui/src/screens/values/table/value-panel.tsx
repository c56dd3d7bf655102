/** The live values: filters that live in the address, pause, the table, and a sentence where there is nothing to show. */
import { Button, TextInput } from '@mantine/core'
import { useCallback, useMemo, useRef, useState } from 'react'
import { formatCount, formatTime } from '../../../format.ts'
import { useLive, useLiveStore } from '../../../live/context.ts'
import type { LiveTag } from '../../../live/store.ts'
import { ColumnChooser, shownColumns } from '../../../parts/column-chooser.tsx'
import { useSlash } from '../../../parts/filter-input.tsx'
import { useQueryPart } from '../../../shell/address.ts'
import { valueWords } from '../../../strings/value-words.ts'
import { valuesStrings as words } from '../../../strings/values.ts'
import { ValueFilters } from '../value-filters.tsx'
import { isOfQuality, type View } from '../view.ts'
import { LockButton } from '../writes/lock.tsx'
import { VALUE_COLUMNS } from './columns.ts'
import { freeze, type Frozen } from './frozen.ts'
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
  const store = useLiveStore()
  const tags = useLive((live) => live.tags)
  const [frozen, setFrozen] = useState<Frozen>()
  const severities = useLive((live) => (view.quality !== 'all' && frozen === undefined ? live.severities : 0))
  const partOf = useLive((live) => live.partOf)
  const loaded = useLive((live) => live.snapshots > 0)
  const [chosen, setChosen] = useQueryPart('columns')
  const columns = useMemo(() => shownColumns(VALUE_COLUMNS, chosen), [chosen])
  const shown = useMemo(
    () => matching(tags, view, frozen),
    [tags, view.q, view.device, view.quality, severities, frozen],
  )
  const filter = useRef<HTMLInputElement>(null)
  useSlash(filter)
  const pause = useCallback(() => setFrozen((now) => (now === undefined ? freeze(store) : undefined)), [store])
  return (
    <section className="panel values" aria-labelledby="values-title">
      <div className="bar">
        <h2 id="values-title">{valueWords.values.title}</h2>
        <TextInput
          ref={filter}
          size="xs"
          className="filter"
          aria-label={valueWords.values.filter}
          placeholder={valueWords.values.filterHint}
          value={view.q}
          onChange={(event) => change({ q: event.currentTarget.value })}
        />
        <ValueFilters view={view} change={change} />
        <span className="grow" />
        <span className="quiet numbers" data-testid="count">
          {valueWords.values.count(formatCount(shown.length), formatCount(partOf ?? tags.length))}
        </span>
        <LockButton />
        <Button
          size="compact-sm"
          variant="default"
          className="follow"
          aria-pressed={frozen !== undefined}
          onClick={pause}
        >
          {frozen === undefined ? words.pause : words.goOn}
        </Button>
        <ColumnChooser columns={VALUE_COLUMNS} chosen={chosen} onChoose={setChosen} />
      </div>
      {partOf !== undefined && (
        <p className="quiet" data-testid="part">
          {words.part(formatCount(shown.length), formatCount(partOf))}
        </p>
      )}
      {frozen !== undefined && <PausedBanner frozen={frozen} />}
      {shown.length > 0 ? (
        <ValueTable
          tags={shown}
          columns={columns}
          pens={pens}
          frozen={frozen}
          onPen={onPen}
          onFacts={onFacts}
          onWrite={onWrite}
        />
      ) : (
        <Nothing view={view} loaded={loaded} total={tags.length} change={change} />
      )}
      <p id="row-keys" className="sr-only">
        {words.keys}
      </p>
    </section>
  )
}

function PausedBanner({ frozen }: { frozen: Frozen }) {
  const updates = useLive((store) => store.updates)
  return (
    <p className="paused" role="status" data-testid="paused">
      {words.paused(formatTime(frozen.at), formatCount(updates - frozen.updates))}
    </p>
  )
}

interface NothingProps extends Pick<Props, 'view' | 'change'> {
  readonly loaded: boolean
  readonly total: number
}

function Nothing({ view, loaded, total, change }: NothingProps) {
  const filtered = view.q !== '' || view.device !== undefined || view.quality !== 'all'
  return (
    <div className="empty">
      <p>{emptyText(loaded, view, total)}</p>
      {loaded && filtered && total > 0 && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => change({ q: '', device: undefined, quality: 'all' })}
        >
          {valueWords.values.clear}
        </Button>
      )}
    </div>
  )
}

function matching(
  tags: readonly LiveTag[],
  { q, device, quality }: View,
  frozen: Frozen | undefined,
): readonly LiveTag[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean)
  return tags.filter((tag) => {
    if (device !== undefined && tag.device !== device) return false
    if (!isOfQuality((frozen?.rows.get(tag.id) ?? tag).status, quality)) return false
    return words.every((word) => tag.searched.includes(word))
  })
}

function emptyText(loaded: boolean, view: View, total: number): string {
  if (!loaded) return valueWords.values.waiting
  if (total === 0) return valueWords.values.noTags
  return view.quality === 'abnormal' && view.q === '' ? valueWords.values.allGood : valueWords.values.noMatch
}
