/**
 * A whole gateway with something of everything that the API can be asked about, over a configuration in files, and what of it can be
 * changed, as one text: requests that are refused must leave that text as it is.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openSource } from '../../src/cli/config-file.ts'
import { keepUp } from '../../src/cli/keep-up.ts'
import { silentLog } from '../../src/core/log.ts'
import { startGateway, type Gateway } from '../../src/gateway.ts'
import { startHttp, type HttpServer } from '../../src/http/server.ts'
import { PASSWORD } from '../../src/testing/accounts-rig.ts'
import { startDevice } from '../../src/testing/modbus-device.ts'
import { freePort, temporaryFolder } from '../../src/testing/peers.ts'

export interface FuzzTarget {
  readonly gateway: Gateway
  readonly http: HttpServer
  readonly folder: string
  /** Everything that requests can change, as JSON. */
  state(): Promise<string>
  /** The number of the newest line of the audit, and what was done since the line `before`. */
  audit(before?: number): Promise<{ readonly last: number; readonly done: readonly string[] }>
  /** Credentials of somebody with this role. */
  token(role: string): Promise<Record<string, string>>
}

const YAML = (data: string, modbus: number, dead: number, access: string): string => `version: 1
data: ${data}
http: { listen: '127.0.0.1:0', access: ${access} }
devices:
  - name: press-1
    driver: simulated
    every: 200ms
    tags:
      - { name: wave, address: 'sine:period=10s,min=0,max=10', type: float64, unit: m }
      - { name: set-point, address: 'cell:name=s,initial=5', type: float64, writable: true, writeMin: 0, writeMax: 10 }
      - { name: line/speed, address: 'constant:value=9007199254740993', type: int64 }
      - { name: label, address: 'cell:name=t,initial=abc', type: string, writable: true }
      - { name: broken, address: 'status:code=BadSensorFailure', type: float64 }
  - name: meter
    driver: modbus
    every: 200ms
    options: { host: 127.0.0.1, port: ${modbus}, unit: 1 }
    tags: [{ name: volts, address: 'hr:0', type: uint16 }, { name: amps, address: 'hr:1', type: uint16, writable: true }]
  - name: away
    driver: modbus
    every: 1s
    options: { host: 127.0.0.1, port: ${dead}, unit: 1, timeout: 200ms }
    tags: [{ name: volts, address: 'hr:0', type: uint16, writable: true }]
sinks:
  - { name: broker, sink: mqtt, options: { url: 'mqtt://127.0.0.1:${dead}' } }
`

/** In the data folder, written by what goes on anyway. */
const OF_POLLS = /^(accounts\.db|HELD|learned|trends)/

/** Outcomes of what was carried out. */
const DONE = new Set(['done', 'written'])

export async function startTarget(t: TestContext, access: 'open' | 'accounts'): Promise<FuzzTarget> {
  const folder = temporaryFolder(t)
  const { options } = await startDevice(t)
  mkdirSync(join(folder, 'data'))
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, YAML('./data', Number(options.port), await freePort(), access))
  const source = await openSource(file, {}, silentLog)
  const { config } = source.opened
  const gateway = await startGateway(config, { log: silentLog, version: '0.0.0-fuzz' })
  const unwatch = await keepUp(gateway, source)
  const limits = { requestsPerMinute: 1_000_000, requestTimeoutMs: 15_000 }
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access, limits })
  t.after(async () => {
    unwatch()
    await http.close()
    await gateway.stop()
  })
  const { accounts } = gateway
  const by = accounts && { by: accounts.hostPrincipal('root'), from: { address: 'host' } }
  if (accounts !== undefined && by !== undefined)
    for (const [name, role] of [
      ['anna', 'admin'],
      ['otto', 'operator'],
      ['vera', 'viewer'],
    ] as const)
      await accounts.users.add({ name, password: PASSWORD, roles: [role] }, by)

  return {
    gateway,
    http,
    folder,
    async token(role) {
      const roles = gateway.accounts!.roles()
      const { grants } = roles.find(({ name }) => name === role)!
      const { token } = await accounts!.tokens.create({ name: role, grants: [...grants], expiresAt: null }, by!)
      return { authorization: `Bearer ${token}` }
    },
    async audit(before = Infinity) {
      const { lines } = await gateway.audit.query({ limit: 20 })
      const since = lines.filter(({ n, outcome, user }) => n > before && DONE.has(outcome) && user !== 'gateway')
      return { last: lines[0]?.n ?? 0, done: since.map(({ action, object }) => `${action} ${object}`) }
    },
    async state() {
      const { writesLock, commands, configuration, runners } = gateway
      return JSON.stringify({
        users: accounts?.users.list().map(({ name, roles: held, enabled, passwordChangedAt }) => [name, held, enabled, passwordChangedAt]), // prettier-ignore
        tokens: accounts?.tokens.list().map(({ id, state }) => [id, state]),
        lock: writesLock.state,
        pending: commands.pending.map(({ id }) => id),
        config: [configuration?.hash, configuration?.status.version, configuration?.status.trial],
        files: readdirSync(folder).sort().map((name) => (name.endsWith('.yaml') ? [name, readFileSync(join(folder, name), 'utf8')] : name)), // prettier-ignore
        folders: readdirSync(join(folder, 'data'))
          .filter((name) => !OF_POLLS.test(name))
          .sort(),
        sinks: runners.map((runner) => [runner.status().dropped, runner.status().replay?.startedAt]),
      })
    },
  }
}
