/**
 * A device that is not configured, as a request describes it: by the schemas that a configuration goes by, and with what is wrong of it at
 * the very field. Who looks at such devices can find out what listens where: only who may diagnose every device, on record, within
 * `network.allow` and `deny`.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { DriverType } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import type { Principal } from '../core/permissions.ts'
import { hideUrlPasswords } from '../core/url-password.ts'
import { trialOptions } from '../discovery/guests.ts'
import type { Gateway } from '../gateway.ts'
import { askerOf } from './auth/asker.ts'
import { invalidRequest } from './validation.ts'

/** What every request about such a device has. */
export const trialFields = {
  driver: z.string().max(100).describe('As in the configuration'),
  options: z.record(z.string(), z.unknown()).default({}).describe('As in the configuration; `${…}` is not replaced'),
}

export interface TrialDevice {
  readonly type: DriverType
  readonly options: unknown
  /** Where it is, in words for people. */
  readonly endpoint: string
}

/** Throws INVALID_REQUEST with a pointer to what is wrong. */
export async function trialDevice({ driver, options }: { driver: string; options: object }): Promise<TrialDevice> {
  const { drivers } = await import('../drivers/index.ts')
  const type = drivers.find(({ name }) => name === driver)
  if (type === undefined)
    throw invalidField(
      '/driver',
      `there is no driver ${driver}; there are ${drivers.map(({ name }) => name).join(', ')}`,
    )
  const parsed = type.options.safeParse(options)
  if (!parsed.success)
    throw invalidRequest(
      'body',
      parsed.error.issues.map((issue) => ({ ...issue, path: ['options', ...issue.path] })),
    )
  const trial = trialOptions(parsed.data)
  return { type, options: trial, endpoint: (type.endpoint ?? type.line)(trial) }
}

/** INVALID_REQUEST about one field of the body, named as a JSON Pointer. */
export function invalidField(pointer: string, detail: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', `body ${pointer.slice(1)}: ${detail}`, {
    details: { errors: [{ detail, pointer: `#${pointer}` }] },
  })
}

/** Throws FORBIDDEN for who may diagnose some devices only. */
export function assertMayTry(principal: Principal): void {
  if (!principal.isWhole('diagnose'))
    throw new GatewayError('FORBIDDEN', 'a device that is not configured may be tried only by who has the permission diagnose for every device') // prettier-ignore
}

/** Puts on record that somebody connects to a device that is not configured, before it is done. */
export async function recordTrial(
  { audit }: Gateway,
  request: Parameters<typeof askerOf>[0],
  { type, endpoint }: TrialDevice,
  what: string,
): Promise<void> {
  const { user, from, trace } = askerOf(request)
  const object = `network ${hideUrlPasswords(endpoint)}`
  await audit.record({ id: randomUUID(), action: 'connection.try', user, from, object, trace, outcome: 'requested', details: { what: `${type.name} ${what}` } }) // prettier-ignore
}
