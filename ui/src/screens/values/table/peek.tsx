/**
 * What there is to say of a cell, beside it: of a status its sentence, after a moment of the pointer on it or when it has the focus; of a
 * value its bytes, or by the key R on its row. One for the whole table: a tooltip a row would cost more than the row.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type FocusEvent, type PointerEvent } from 'react'
import type { RefObject } from 'react'
import { statusHex } from '../../../format.ts'
import { useLive, useLiveStore } from '../../../live/context.ts'
import type { LiveTag } from '../../../live/store.ts'
import { useMay } from '../../../shell/permissions.ts'
import { severityOf, useStatusInfo } from '../../../status.ts'
import { valueWords } from '../../../strings/value-words.ts'
import { RawBytes } from '../raw-bytes.tsx'

const RAW_DWELL_MS = 450
const STATUS_DWELL_MS = 150
const GAP_PX = 6

interface Shown {
  readonly kind: 'raw' | 'status'
  readonly tag: LiveTag
  /** Of the cell, in the window. */
  readonly place: DOMRect
}

/** What is shown now, and the events of the table that decide it. No bytes for whoever may not look into devices. */
export function usePeek(scroller: RefObject<HTMLDivElement | null>) {
  const store = useLiveStore()
  const may = useMay('diagnose')
  const [shown, setShown] = useState<Shown>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return useMemo(() => {
    const hide = () => {
      clearTimeout(timer.current)
      setShown(undefined)
    }
    const showSoon = (kind: Shown['kind'], cell: Element, afterMs: number) => {
      const key = cell.closest<HTMLElement>('[data-key]')?.dataset.key
      const tag = key === undefined ? undefined : store.find(key)
      if (tag === undefined || (kind === 'raw' && !may)) return
      timer.current = setTimeout(() => setShown({ kind, tag, place: cell.getBoundingClientRect() }), afterMs)
    }
    const onPointerOver = (event: PointerEvent) => {
      const at = event.target instanceof Element ? event.target : null
      hide()
      if (event.pointerType === 'touch' || scroller.current === null) return
      const [status, value] = [at?.closest('.cell-status'), at?.closest('.cell-value')]
      if (status) showSoon('status', status, STATUS_DWELL_MS)
      if (value) showSoon('raw', value, RAW_DWELL_MS)
    }
    const onFocus = ({ target }: FocusEvent) => {
      const cell = target.matches(':focus-visible') ? target.closest('.cell-status') : null
      if (cell !== null) showSoon('status', cell, 0)
    }
    const showRaw = (_tag: LiveTag, row: Element) => {
      const cell = row.querySelector('.cell-value')
      if (cell !== null) showSoon('raw', cell, 0)
    }
    const onKeyDownCapture = (event: { key: string }) => event.key !== 'r' && hide()
    const events = { onPointerOver, onPointerLeave: hide, onScroll: hide, onFocus, onBlur: hide, onKeyDownCapture }
    return { shown, showRaw, events }
  }, [shown, may, store, scroller])
}

export function Peek({ kind, tag, place }: Shown) {
  const box = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(place.bottom + GAP_PX)
  useLayoutEffect(() => {
    const { height } = box.current!.getBoundingClientRect()
    const below = place.bottom + GAP_PX
    setTop(below + height > window.innerHeight ? Math.max(GAP_PX, place.top - GAP_PX - height) : below)
  }, [place])
  const across = kind === 'raw' ? { right: Math.max(8, window.innerWidth - place.right) } : { left: place.left }
  return (
    <div ref={box} role="tooltip" className="panel peek" data-testid={kind} style={{ top, ...across }}>
      {kind === 'raw' ? <RawBytes device={tag.device} tag={tag.tag} /> : <StatusText tag={tag} />}
    </div>
  )
}

/** What the status means, what is wrong with the device, and the code. */
function StatusText({ tag }: { tag: LiveTag }) {
  useLive((store) => store.version)
  const store = useLiveStore()
  const info = useStatusInfo()(tag.status)
  const device = store.device(tag.device)
  const trouble =
    severityOf(tag.status) === 'good' || device === undefined || device.reason === null
      ? null
      : valueWords.values.deviceIs(device.name, device.state, device.reason)
  return [info.text, tag.reason, trouble, `${info.name} (${statusHex(tag.status)})`].filter(Boolean).join(' ')
}
