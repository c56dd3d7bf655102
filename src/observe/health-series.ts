/** The series about health and self-healing. */
import type { Gateway } from '../gateway.ts'
import type { Exposition } from './exposition.ts'
import type { Health } from './health.ts'

export function healthChecks(out: Exposition, health: Health | undefined): void {
  if (health === undefined) return
  for (const { name, ok, isPrivate } of [...health.live().checks, ...health.ready().checks])
    if (isPrivate !== true) out.sample({ check: name }, ok ? 1 : 0)
}

export function componentRestarts(out: Exposition, { restarts }: Gateway): void {
  for (const { component, reason, count } of restarts.all) out.sample({ component, reason }, count)
}

export function watchdogNotifications(out: Exposition, health: Health | undefined): void {
  out.sample({}, health?.watchdogNotifications ?? 0)
}
