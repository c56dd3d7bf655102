/** Live values: what is abnormal, the trend above the table, writes that wait. */
import './values.css'
import './table/table.css'
import './trend/trend.css'
import { Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import { useAccess } from '../../access/context.ts'
import { lazyPart } from '../../lazy-part.ts'
import { useLive, useLiveStore } from '../../live/context.ts'
import type { LiveTag } from '../../live/store.ts'
import { valueWords } from '../../strings/value-words.ts'
import { trendStrings } from '../../strings/trend.ts'
import { AbnormalDevices } from './abnormal-devices.tsx'
import { ReceivedPanel } from './received-panel.tsx'
import { ValuePanel } from './table/value-panel.tsx'
import { useView } from './view.ts'
import { LockBanner } from './writes/lock.tsx'
import { PendingWrites } from './writes/pending.tsx'

const TrendPanel = lazyPart(() => import('./trend/trend-panel.tsx'))
const WriteDialog = lazyPart(() => import('./write-dialog.tsx'))
const ValueFacts = lazyPart(() => import('./value-facts.tsx'))

const MOST_PENS = 8
const FIRST_PENS = 3

export default function Values() {
  const [view, change] = useView()
  const structure = useLive((store) => store.structure)
  const tags = useLive((store) => store.tags)
  const chosen = useMemo(() => view.pens ?? firstPens(tags), [view.pens, tags, structure])
  const store = useLiveStore()
  // A pen whose tag is gone takes no place and no colour.
  const drawn = useMemo(() => chosen.filter((key) => store.find(key) !== undefined), [chosen, structure, store])
  const { q, device, quality } = view
  useEffect(() => store.want({ q, device, quality, keys: view.pens ?? [] }), [store, q, device, quality, view.pens])
  // By name: every snapshot brings new tags, and a dialog must not show the old ones.
  const [open, setOpen] = useState<{ dialog: 'facts' | 'write'; key: string }>()
  const opened = useLive((store) => (open === undefined ? undefined : store.find(open.key)))
  const access = useAccess().store
  // A key that is pressed in the sign-in in front of the page is not meant for the dialog underneath.
  const close = () => {
    if (access.state.at === 'in') setOpen(undefined)
  }
  const write = useCallback((key: string) => setOpen({ dialog: 'write', key }), [])
  const showFacts = useCallback((key: string) => setOpen({ dialog: 'facts', key }), [])
  const chooseDevice = useCallback((device: string | undefined) => change({ device }), [change])
  const togglePen = useCallback(
    (key: string) => {
      const without = drawn.filter((pen) => pen !== key)
      const pens = without.length < drawn.length ? without : [...drawn, key].slice(-MOST_PENS)
      change({ pens })
    },
    [drawn, change],
  )
  return (
    <div className="values-screen">
      <h1 className="sr-only">{valueWords.values.title}</h1>
      <LockBanner />
      <PendingWrites />
      <AbnormalDevices selected={view.device} onSelect={chooseDevice} />
      <ReceivedPanel />
      <Suspense fallback={<section className="panel trend-wait">{trendStrings.loading}</section>}>
        <TrendPanel
          pens={chosen}
          spanSeconds={view.spanSeconds}
          onSpan={(spanSeconds) => change({ spanSeconds })}
          onRemove={togglePen}
        />
      </Suspense>
      <ValuePanel view={view} change={change} pens={drawn} onPen={togglePen} onFacts={showFacts} onWrite={write} />
      <Suspense>
        {opened !== undefined && open?.dialog === 'write' && (
          <WriteDialog key={open.key} tag={opened} onClose={close} />
        )}
        {opened !== undefined && open?.dialog === 'facts' && (
          <ValueFacts tag={opened} onWrite={write} onClose={close} />
        )}
      </Suspense>
    </div>
  )
}

/** What a newcomer sees first: the first floats that share a unit. */
function firstPens(tags: readonly LiveTag[]): readonly string[] {
  const first = tags.find((tag) => tag.type.startsWith('float') && tag.unit !== null && !tag.writable)
  return tags
    .filter((tag) => tag.device === first?.device && tag.unit === first.unit && !tag.writable)
    .slice(0, FIRST_PENS)
    .map((tag) => tag.key)
}
