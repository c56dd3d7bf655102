/**
 * A part of the page whose code is fetched when it is first shown. While the gateway cannot be reached it is asked for again
 * and again: a fetch that failed would otherwise take the whole page with it.
 */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react'

const RETRY_MS = 1000

export function lazyPart<Props>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => {
    for (;;) {
      try {
        return await load()
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  })
}
