/** The page: header and banner, devices and sinks at the side, trend above the live table. */
import { Suspense, useCallback, useMemo, useState } from 'react'
import { ConnectionBanner, PageHeader } from './page-header.tsx'
import { DevicePanel } from './device-panel.tsx'
import { lazyPart } from './lazy-part.ts'
import { useLive } from './live/context.ts'
import type { LiveTag } from './live/store.ts'
import { ReceivedPanel } from './received-panel.tsx'
import { SinkPanel } from './sink-panel.tsx'
import { strings } from './strings.ts'
import { ValuePanel } from './table/value-panel.tsx'
import { useView } from './url-state.ts'

const TrendPanel = lazyPart(() => import('./trend/trend-panel.tsx'))
const WriteDialog = lazyPart(() => import('./write-dialog.tsx'))
const ValueFacts = lazyPart(() => import('./value-facts.tsx'))

const MOST_PENS = 8
const FIRST_PENS = 3

export function App() {
  const [view, change] = useView()
  const structure = useLive((store) => store.structure)
  const tags = useLive((store) => store.tags)
  const chosen = useMemo(() => view.pens ?? firstPens(tags), [view.pens, tags, structure])
  // By name: every snapshot brings new tags, and a dialog must not show the old ones.
  const [open, setOpen] = useState<{ dialog: 'facts' | 'write'; key: string }>()
  const opened = useLive((store) => (open === undefined ? undefined : store.find(open.key)))
  const close = () => setOpen(undefined)
  const write = useCallback((key: string) => setOpen({ dialog: 'write', key }), [])
  const showFacts = useCallback((key: string) => setOpen({ dialog: 'facts', key }), [])
  const togglePen = useCallback(
    (key: string) => {
      const without = chosen.filter((pen) => pen !== key)
      const pens = without.length < chosen.length ? without : [...chosen, key].slice(-MOST_PENS)
      change({ pens })
    },
    [chosen, change],
  )
  return (
    <div className="page">
      <PageHeader />
      <ConnectionBanner />
      <main className="columns">
        <aside className="side">
          <DevicePanel selected={view.device} onSelect={(device) => change({ device })} />
          <ReceivedPanel />
          <SinkPanel />
        </aside>
        <div className="middle">
          <Suspense fallback={<section className="panel trend-wait">{strings.trend.loading}</section>}>
            <TrendPanel
              pens={chosen}
              spanSeconds={view.spanSeconds}
              onSpan={(spanSeconds) => change({ spanSeconds })}
              onRemove={togglePen}
            />
          </Suspense>
          <ValuePanel view={view} change={change} pens={chosen} onPen={togglePen} onFacts={showFacts} onWrite={write} />
        </div>
      </main>
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
