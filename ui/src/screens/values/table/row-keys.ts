/** Keys on a row of the live table. */
import type { Virtualizer } from '@tanstack/react-virtual'
import type { KeyboardEvent, RefObject } from 'react'
import type { LiveTag } from '../../../live/store.ts'
import { rowMoves } from '../../../parts/row-moves.ts'
import { hrefOf, navigate } from '../../../shell/address.ts'

interface Keys {
  readonly tags: readonly LiveTag[]
  readonly rows: Virtualizer<HTMLDivElement, Element>
  readonly scroller: RefObject<HTMLDivElement | null>
  setFocused(index: number): void
  onPen(key: string): void
  onFacts(key: string): void
  onWrite(key: string): void
  onRaw(tag: LiveTag, row: Element): void
  onCopy(key: string): void
}

/** What a key does while a row has the focus, or the table itself. */
export function useRowKeys(keys: Keys): (event: KeyboardEvent<HTMLElement>) => void {
  const { tags, rows, scroller, setFocused } = keys
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const at = event.target as HTMLElement
    const onTable = at === event.currentTarget
    if (!onTable && at.dataset.index === undefined) return
    const index = onTable ? -1 : Number(at.dataset.index)
    const tag = tags[index]
    const steps: Record<string, (() => unknown) | undefined> = {
      ...rowMoves(index, tags.length, rows, scroller, setFocused),
      ...(tag === undefined ? {} : letters(tag, at, keys)),
    }
    const step = steps[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (step === undefined) return
    event.preventDefault()
    step()
  }
}

function letters(tag: LiveTag, row: Element, keys: Keys): Record<string, () => unknown> {
  return {
    Enter: () => keys.onFacts(tag.key),
    w: () => tag.writable && keys.onWrite(tag.key),
    t: () => keys.onPen(tag.key),
    r: () => keys.onRaw(tag, row),
    c: () => keys.onCopy(tag.key),
    e: () => navigate(hrefOf('/explain', { device: tag.device, tag: tag.tag })),
  }
}
