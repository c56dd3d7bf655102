/** Keys that move the focus from row to row of a virtualised table. */
import type { Virtualizer } from '@tanstack/react-virtual'
import type { RefObject } from 'react'

const PAGE_ROWS = 10

/** What each key does at row `index` (−1: at the table itself); rows carry `data-index`. */
export function rowMoves(
  index: number,
  count: number,
  rows: Virtualizer<HTMLDivElement, Element>,
  scroller: RefObject<HTMLDivElement | null>,
  setFocused: (index: number) => void,
): Record<string, () => void> {
  const move = (to: number) => {
    const next = Math.max(0, Math.min(count - 1, to))
    setFocused(next)
    rows.scrollToIndex(next)
    // The row may have to be made first.
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus())
  }
  return {
    ArrowDown: () => move(index + 1),
    ArrowUp: () => move(index - 1),
    PageDown: () => move(index + PAGE_ROWS),
    PageUp: () => move(index - PAGE_ROWS),
    Home: () => move(0),
    End: () => move(count - 1),
  }
}
