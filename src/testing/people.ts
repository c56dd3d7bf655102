/** A gateway with accounts and people of every role, spoken to over HTTP as browsers and programs do. */
import type { TestContext } from 'node:test'
import type { AccessConfig, Grant } from '../core/access.ts'
import { simulated } from '../drivers/simulated/driver.ts'
import type { Accounts, Gateway } from '../gateway.ts'
import { startHttp, type HttpOptions, type HttpServer } from '../http/server.ts'
import { PASSWORD } from './accounts-rig.ts'
import { startTestGateway, type DeviceSketch, type GatewaySketch } from './gateway-fixture.ts'

/** How a request says who sends it. */
export type Credentials = Readonly<Record<string, string>>

export interface Plant {
  readonly gateway: Gateway
  readonly accounts: Accounts
  readonly http: HttpServer
  /** GET where `init` says nothing else. */
  ask(path: string, who?: Credentials, init?: RequestInit): Promise<Response>
  /** As `ask`, with the JSON of the answer. */
  json<T = Record<string, unknown>>(path: string, who?: Credentials, init?: RequestInit): Promise<T>
  /** Adds a user with these roles, signs in, and returns the cookie. */
  person(name: string, ...roles: string[]): Promise<Credentials>
  /** A token of the command line on the host. */
  token(name: string, ...grants: Grant[]): Promise<Credentials>
  /** JSON of a body, with its content type. */
  body(method: string, value: unknown): RequestInit
}

const sketch = (name: string, area: string): DeviceSketch => ({
  name,
  area,
  type: simulated,
  tags: [
    { name: 'wave', address: 'sine:period=10s,min=0,max=10', unit: 'm' },
    { name: 'set-point', address: `cell:name=${name},initial=5`, writable: true },
  ],
})

/** Two presses in hall 1 and an oven in hall 2; the role `press-crew` has to do with presses alone. */
export const PLANT_DEVICES: readonly DeviceSketch[] = [
  sketch('press-1', 'hall-1'),
  sketch('press-2', 'hall-1'),
  sketch('oven', 'hall-2'),
]

export const PRESS_CREW: AccessConfig['roles'][number] = {
  name: 'press-crew',
  grants: [{ permissions: ['view', 'export', 'write', 'diagnose'], devices: ['press-*'] }],
}

export async function startPlant(
  t: TestContext,
  options: { access?: Partial<AccessConfig>; http?: Partial<HttpOptions>; sketch?: Partial<GatewaySketch> } = {},
): Promise<Plant> {
  const gateway = await startTestGateway(t, {
    devices: PLANT_DEVICES,
    ...options.sketch,
    access: { roles: [PRESS_CREW], ...options.access },
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], ...options.http })
  t.after(() => http.close())
  const accounts = gateway.accounts!
  const actor = { by: accounts.hostPrincipal('root'), from: { address: 'host' } }
  const ask: Plant['ask'] = (path, who = {}, init = {}) =>
    fetch(`${http.url}${path}`, { redirect: 'manual', ...init, headers: { ...(init.headers as object), ...who } })
  const body: Plant['body'] = (method, value) => ({
    method,
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json' },
  })
  return {
    gateway,
    accounts,
    http,
    ask,
    body,
    json: async (...args) => (await (await ask(...args)).json()) as never,
    async person(name, ...roles) {
      await accounts.users.add({ name, password: PASSWORD, roles }, actor)
      return signIn(ask, body, name)
    },
    async token(name, ...grants) {
      const { token } = await accounts.tokens.create({ name, grants, expiresAt: null }, actor)
      return { authorization: `Bearer ${token}` }
    },
  }
}

async function signIn(ask: Plant['ask'], body: Plant['body'], name: string): Promise<Credentials> {
  const answer = await ask('/api/v1/session', {}, body('POST', { name, password: PASSWORD }))
  if (!answer.ok) throw new Error(`${name} could not sign in: ${await answer.text()}`)
  return cookieOf(answer)
}

/** What a browser sends from now on. */
export const cookieOf = (answer: Response): Credentials => ({
  cookie: answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0]!)
    .join('; '),
})
