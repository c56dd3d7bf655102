/**
 * Wheel zooms around the pointer, drag pans, drag with Shift (or always, where `zooms` says so) zooms to what was drawn over; all give the new
 * window in ms. Keys do the same for those without a mouse.
 */
export interface Window {
  readonly from: number
  readonly to: number
}

const ZOOM_STEP = 1.25
const SHORTEST_MS = 5000
const LONGEST_MS = 366 * 86_400_000

/** The window shrunk (factor < 1) or grown around a place in it (0 left, 1 right). */
export function zoomed({ from, to }: Window, factor: number, place = 0.5): Window {
  const span = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (to - from) * factor))
  const centre = from + (to - from) * place
  return { from: centre - span * place, to: centre + span * (1 - place) }
}

/** The window moved by a share of its span. */
export function panned({ from, to }: Window, share: number): Window {
  const by = (to - from) * share
  return { from: from + by, to: to + by }
}

/** What a key does to the window; undefined when it is none of ours. */
export function keyed(window: Window, key: string): Window | undefined {
  if (key === 'ArrowLeft') return panned(window, -0.2)
  if (key === 'ArrowRight') return panned(window, 0.2)
  if (key === '+' || key === '=') return zoomed(window, 1 / ZOOM_STEP)
  return key === '-' ? zoomed(window, ZOOM_STEP) : undefined
}

export interface Gestures {
  /** The window in sight. */
  current(): Window
  /** A plain drag zooms too. */
  zooms(): boolean
  onZoom(window: Window): void
  onPan(window: Window): void
  /** To this stretch of time. */
  onSpan(window: Window): void
}

/** A drag of fewer pixels is a click. */
const LEAST_DRAG_PX = 4

/** Listens on the plot. */
export function attachGestures(over: HTMLElement, gestures: Gestures): () => void {
  const listening = new AbortController()
  const { signal } = listening
  const onWheel = (event: WheelEvent) => {
    event.preventDefault()
    const place = (event.clientX - over.getBoundingClientRect().left) / over.clientWidth
    gestures.onZoom(zoomed(gestures.current(), event.deltaY > 0 ? ZOOM_STEP : 1 / ZOOM_STEP, place))
  }
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return
    over.setPointerCapture(event.pointerId)
    const dragging = new AbortController()
    const ends = AbortSignal.any([signal, dragging.signal])
    if (event.shiftKey || gestures.zooms()) dragBand(over, event, gestures, ends)
    else dragPan(over, event, gestures, ends)
    for (const end of ['pointerup', 'pointercancel'])
      over.addEventListener(end, () => dragging.abort(), { signal: ends })
  }
  over.addEventListener('wheel', onWheel, { signal, passive: false })
  over.addEventListener('pointerdown', onDown, { signal })
  over.style.touchAction = 'pan-y'
  return () => listening.abort()
}

function dragPan(
  over: HTMLElement,
  { clientX }: PointerEvent,
  { current, onPan }: Gestures,
  signal: AbortSignal,
): void {
  const start = current()
  const onMove = (moved: PointerEvent) => onPan(panned(start, (clientX - moved.clientX) / over.clientWidth))
  over.addEventListener('pointermove', onMove, { signal })
}

function dragBand(
  over: HTMLElement,
  { clientX }: PointerEvent,
  { current, onSpan }: Gestures,
  signal: AbortSignal,
): void {
  const { left, width } = over.getBoundingClientRect()
  const window = current()
  const band = document.createElement('div')
  band.className = 'zoom-band'
  const placeOf = (x: number) => Math.min(1, Math.max(0, (x - left) / width))
  let [begin, end] = [placeOf(clientX), placeOf(clientX)]
  const show = (x: number) => {
    ;[begin, end] = [placeOf(clientX), placeOf(x)].sort((a, b) => a - b) as [number, number]
    band.style.left = `${begin * 100}%`
    band.style.width = `${(end - begin) * 100}%`
  }
  show(clientX)
  over.append(band)
  over.addEventListener('pointermove', (moved) => show(moved.clientX), { signal })
  const onUp = () => {
    const span = window.to - window.from
    if ((end - begin) * width >= LEAST_DRAG_PX)
      onSpan({ from: window.from + begin * span, to: window.from + end * span })
  }
  over.addEventListener('pointerup', onUp, { signal })
  signal.addEventListener('abort', () => band.remove())
}
