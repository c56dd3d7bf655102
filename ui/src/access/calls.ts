/** What the page asks the gateway about whoever looks at it. */
import { call } from '../api/client.ts'
import type { Operations } from '../api/operations.ts'

/** Who asks, as the gateway sees it. */
export type Who = Operations['GET /api/v1/session']['answer']
export type User = NonNullable<Who['user']>

/** A password costs the gateway some time on purpose, and there may be a queue. */
const TIMEOUT_MS = 20_000
/** A browser goes there, and comes back to `/`. */
export const SINGLE_SIGN_ON = '/api/v1/session/oidc'

const soon = (): AbortSignal => AbortSignal.timeout(TIMEOUT_MS)

export const fetchWho = (): Promise<Who> => call('GET /api/v1/session', { signal: soon() })
export const signIn = (name: string, password: string): Promise<Who> =>
  call('POST /api/v1/session', { body: { name, password }, signal: soon() })
export const signOut = (): Promise<unknown> => call('DELETE /api/v1/session', { signal: soon() })
export const changePassword = (old: string, next: string): Promise<unknown> =>
  call('PUT /api/v1/session/password', { body: { old, new: next }, signal: soon() })
export const setUp = (token: string, name: string, password: string): Promise<Who> =>
  call('POST /api/v1/setup', { body: { token, name, password }, signal: soon() })

/** Whether there is something to look at yet; what cannot be asked counts as yes. */
export const hasDevices = (): Promise<boolean> =>
  call('GET /api/v1/devices', { query: { limit: 1 }, signal: soon() }).then(
    ({ devices }) => devices.length > 0,
    () => true,
  )
