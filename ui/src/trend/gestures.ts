/** Wheel zooms around the pointer, drag pans; both give the new window in ms. Keys do the same for those without a mouse. */
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

/** Listens on the plot; `current` gives the window in sight, `onZoom` and `onPan` get the wanted one. */
export function attachGestures(
  over: HTMLElement,
  current: () => Window,
  onZoom: (window: Window) => void,
  onPan: (window: Window) => void,
): () => void {
  const listening = new AbortController()
  const { signal } = listening
  const onWheel = (event: WheelEvent) => {
    event.preventDefault()
    const place = (event.clientX - over.getBoundingClientRect().left) / over.clientWidth
    onZoom(zoomed(current(), event.deltaY > 0 ? ZOOM_STEP : 1 / ZOOM_STEP, place))
  }
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return
    const start = { x: event.clientX, window: current() }
    over.setPointerCapture(event.pointerId)
    const dragging = new AbortController()
    const options = { signal: AbortSignal.any([signal, dragging.signal]) }
    const onMove = (moved: PointerEvent) => onPan(panned(start.window, (start.x - moved.clientX) / over.clientWidth))
    over.addEventListener('pointermove', onMove, options)
    over.addEventListener('pointerup', () => dragging.abort(), options)
    over.addEventListener('pointercancel', () => dragging.abort(), options)
  }
  over.addEventListener('wheel', onWheel, { signal, passive: false })
  over.addEventListener('pointerdown', onDown, { signal })
  over.style.touchAction = 'pan-y'
  return () => listening.abort()
}
