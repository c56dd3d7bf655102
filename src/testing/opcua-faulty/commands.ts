/**
 * The commands of the faulty server. A node is named by its name in the plant ("Counters/0"), in the namespace 2.
 *
 * get { node } → { value, status, sourceTime } · set { node, value, type, status, sourceTime } · remove { node } · add { node, value, type }
 * counters { running } → { count }
 * alarm { name, value } → { eventId } · fire { message, severity, type, times }     see alarms.ts
 * fault { … } · clear                          a rule, see faults.ts
 * publishing { mode, gap, forget } → { lost, taken }
 * skew { ms }                                  moves all times that go out: of values, of the server's clock, of the replies
 * asked → { Read: 3, Publish: 10 … }           how often each service was asked for; `reset: true` begins anew
 * sessions → { channels, sessions, subscriptions, items, waitingPublishes, rejectedSessions }
 * heldBack → { count }                          half-told answers of Browse that wait for a client
 * who → [{ policy, mode, user }]                of each session
 * drop                                         resets every connection; sessions stay
 * forget { what: "sessions" | "subscriptions" }   they are gone, and nobody was told
 * restart { downMs }                           ends with all sessions, and listens again on the same port after that time
 * stop · start
 * freeze { ms }                                the whole process stands still, after the answer
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageSecurityMode, UserNameIdentityToken, X509IdentityToken } from 'node-opcua-client'
import type { ServerSession } from 'node-opcua-server'
import { createAlarms, type FaultyAlarms } from './alarms.ts'
import type { ChildSettings } from './child.ts'
import type { Faults, Publishing, Rule } from './faults.ts'
import { createPlant, type FaultyPlant } from './plant.ts'
import type { FaultyServer } from './server.ts'
import { startServer } from './start.ts'

type Details = Readonly<Record<string, unknown>>

export interface Commands {
  start(): Promise<string>
  carryOut(name: string, details: Details): Promise<object | undefined>
}

export function createCommands(settings: ChildSettings, faults: Faults): Commands {
  let server: FaultyServer
  let plant: FaultyPlant
  let alarms: FaultyAlarms
  const start = async () => {
    server = await startServer(settings, faults)
    plant = createPlant(server, settings, plant?.count ?? 0)
    alarms = createAlarms(server, settings)
    return `opc.tcp://${settings.host ?? '127.0.0.1'}:${settings.port}`
  }
  const stop = async () => {
    plant.stop()
    await server.shutdown(0)
  }
  const commands: Record<string, (details: Details) => Promise<object | void> | object | void> = {
    get: ({ node }) => plant.get(String(node)),
    set: ({ node, ...change }) => plant.set(String(node), change),
    add: ({ node, ...value }) => plant.add(String(node), value),
    remove: ({ node }) => plant.remove(String(node)),
    counters({ running }) {
      if (typeof running === 'boolean') plant.running = running
      return { count: plant.count }
    },
    alarm: ({ name, value }) => alarms.set(String(name), Number(value)),
    fire: (event) => alarms.fire(event),
    fault: (rule) => void faults.rules.push({ ...(rule as unknown as Rule) }),
    clear: () => void (faults.rules = []),
    publishing({ mode, gap, forget }) {
      if (mode !== undefined) faults.publishing = mode as Publishing
      if (gap !== undefined) faults.gap = Number(gap)
      faults.forget = forget === true
      return { lost: faults.lost, taken: faults.taken }
    },
    skew: ({ ms }) => void (faults.skewMs = Number(ms)),
    asked({ reset }) {
      const counts = Object.fromEntries(faults.asked)
      if (reset === true) faults.asked.clear()
      return counts
    },
    sessions: () => count(server),
    heldBack: () => ({ count: server.engine.getSessions().reduce((sum, session) => sum + heldBack(session), 0) }),
    who: () => server.engine.getSessions().map(who),
    drop: () => {
      for (const endpoint of server.endpoints) endpoint.abruptlyInterruptChannels()
    },
    forget: ({ what }) => forget(server, String(what)),
    async restart({ downMs }) {
      await stop()
      await sleep(Number(downMs ?? 0))
      await start()
    },
    stop,
    start: async () => void (await start()),
    freeze: ({ ms }) =>
      void setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms)), 10),
  }
  return {
    start,
    async carryOut(name, details) {
      const command = commands[name]
      if (command === undefined) throw new Error(`there is no command '${name}'`)
      return (await command(details)) ?? undefined
    },
  }
}

function count(server: FaultyServer): object {
  const sessions = server.engine.getSessions()
  const subscriptions = sessions.flatMap((session) => session.publishEngine.subscriptions)
  return {
    channels: server.currentChannelCount,
    sessions: sessions.length,
    subscriptions: server.engine.currentSubscriptionCount,
    items: subscriptions.reduce((sum, { monitoredItemCount }) => sum + monitoredItemCount, 0),
    waitingPublishes: sessions.reduce((sum, { publishEngine }) => sum + publishEngine.pendingPublishRequestCount, 0),
    rejectedSessions: server.rejectedSessionCount,
  }
}

const heldBack = ({ continuationPointManager }: ServerSession): number =>
  (continuationPointManager as unknown as { readonly _map: Map<string, unknown> })._map.size

/** Users are named as asyncua's server names them. */
function who({ channel, userIdentityToken }: ServerSession): object {
  const policy = channel?.securityPolicy.split('#')[1]
  const mode = MessageSecurityMode[channel?.securityMode ?? MessageSecurityMode.Invalid]
  if (userIdentityToken instanceof UserNameIdentityToken) return { policy, mode, user: userIdentityToken.userName }
  return { policy, mode, user: userIdentityToken instanceof X509IdentityToken ? 'certificate' : 'anonymous' }
}

function forget(server: FaultyServer, what: string): void {
  for (const session of server.engine.getSessions()) {
    if (what === 'sessions') server.engine.closeSession(session.authenticationToken, true, 'Forcing')
    else for (const { id } of session.publishEngine.subscriptions) session.deleteSubscription(id)
  }
}
