/**
 * A part of the page whose code is fetched when it is first shown. While the gateway cannot be reached it is asked for again and again: a
 * fetch that failed would otherwise take the whole page with it. A gateway that answers and does not have the part is of another version
 * than the page, which then loads itself anew.
 */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import { isAlive } from './api.ts'

const RETRY_MS = 1000
const GONE_AFTER = 3
const RENEWED_KEY = 'bifrost-renewed'
/** A gateway that does not have the parts of its own page must not make it load for ever. */
const RENEW_EVERY_MS = 60_000

export function lazyPart<Props>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => {
    for (let tries = 1; ; tries++) {
      try {
        return await load()
      } catch {
        if (tries >= GONE_AFTER && (await isAlive(RETRY_MS))) renew()
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  })
}

function renew(): void {
  const renewedAt = Number(window.sessionStorage.getItem(RENEWED_KEY) ?? 0)
  if (Date.now() - renewedAt < RENEW_EVERY_MS) return
  window.sessionStorage.setItem(RENEWED_KEY, String(Date.now()))
  window.location.reload()
}
