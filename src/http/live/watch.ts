/**
 * Who live clients are, looked at anew while they are connected: when something about accounts changed, and every two seconds for what
 * ends by time. Whoever is nobody any more is sent away with 4401; who has other rights gets what these allow. A live socket counts as
 * use of its session.
 */
import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/permissions.ts'
import type { Gateway } from '../../gateway.ts'
import { refusal } from '../auth/check.ts'
import type { Door } from '../auth/door.ts'
import { NOBODY } from '../auth/principals.ts'
import { shownDevices } from '../shown-devices.ts'
import type { LiveClient } from './client.ts'

const LOOK_EVERY_MS = 2000
/** After a change, so that a hundred changes at once are one look. */
const LOOK_SOON_MS = 50
/** RFC 6455, 7.4.2: from 4000 on for private use; these follow HTTP. */
const SIGN_IN_CODE = 4401
const FORBIDDEN_CODE = 4403
/** The IANA registry of close codes: 1012, service restart. */
const RESTART_CODE = 1012

/** Who asks for a live socket; rejects with why they do not get one. */
export async function admit(door: Door, request: IncomingMessage): Promise<Principal> {
  const principal = await door.find(request)
  const refused = refusal(principal, 'view', undefined, door)
  if (refused !== undefined) throw refused
  return principal
}

export interface ClientWatch {
  add(client: LiveClient, request: IncomingMessage): void
  remove(client: LiveClient): void
  close(): void
}

export function watchClients(gateway: Gateway, door: Door): ClientWatch {
  const { accounts, clock } = gateway
  const requests = new Map<LiveClient, IncomingMessage>()
  const look = (): void => {
    for (const [client, request] of requests) void lookAt(gateway, client, request, door)
  }
  if (accounts === undefined) return { add: () => undefined, remove: () => undefined, close: () => undefined }
  const timer = clock.every(LOOK_EVERY_MS, look)
  let soon: ReturnType<typeof clock.after> | undefined
  const stopListening = accounts.onChange(() => {
    soon ??= clock.after(LOOK_SOON_MS, () => {
      soon = undefined
      look()
    })
  })
  return {
    add: (client, request) => void requests.set(client, request),
    remove: (client) => void requests.delete(client),
    close() {
      timer.cancel()
      soon?.cancel()
      stopListening()
    },
  }
}

async function lookAt(gateway: Gateway, client: LiveClient, request: IncomingMessage, door: Door): Promise<void> {
  const principal = await findAgain(door, request)
  if (!client.open) return
  if (principal === NOBODY) return client.socket.close(SIGN_IN_CODE, 'the session or token has ended')
  if (!principal.may('view')) return client.socket.close(FORBIDDEN_CODE, 'the permission view was taken away')
  const before = client.principal
  if (principal === before) return
  client.principal = principal
  if (maySame(gateway, before, principal)) return
  // Half of a snapshot is out, of what may not be seen any more perhaps.
  if (client.snapshot !== undefined) return client.socket.close(RESTART_CODE, 'other rights: connect again')
  client.wanted = client.ask?.()
}

/** Other roles that come to the same are no news. */
function maySame(gateway: Gateway, one: Principal, other: Principal): boolean {
  const looked = ['view', 'write'] as const
  // Who sees everything sees what comes, too.
  if (looked.some((permission) => one.isWhole(permission) !== other.isWhole(permission))) return false
  return shownDevices(gateway).every(({ name }) =>
    looked.every((permission) => one.mayFor(permission, name) === other.mayFor(permission, name)),
  )
}

async function findAgain(door: Door, request: IncomingMessage): Promise<Principal> {
  try {
    return await door.find(request)
  } catch (error) {
    if (error instanceof GatewayError) return NOBODY
    throw error
  }
}
