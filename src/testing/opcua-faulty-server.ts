/**
 * node-opcua's server with faults to order, in a process of its own: what a server in the field does wrong, done when the test says so.
 * Its counters are those of asyncua's server (test/peers/opcua/counters.py): `ns=2;s=Counters/N` holds count × 100,000 + N. The settings
 * are below, the commands in opcua-faulty/commands.ts.
 */
import { fileURLToPath } from 'node:url'
import { freePort, temporaryFolder, type Cleanup } from './peers.ts'
import { createApplicationCertificate } from './opcua-certificates.ts'
import { startSteered, type SteeredProcess } from './steered-process.ts'

export interface FaultyServerSettings {
  readonly port?: number
  readonly host?: string
  readonly applicationUri?: string
  /** PEM files; made for the test when left out. */
  readonly certificate?: string
  readonly key?: string
  /** As asyncua's server names them: "None", "Basic256Sha256/Sign" …; default all. */
  readonly policies?: readonly string[]
  readonly anonymous?: boolean
  readonly users?: Readonly<Record<string, string>>
  /** Certificates of clients that are trusted; without it every client is. */
  readonly trusted?: readonly string[]
  /** Certificates of users, as X.509 tokens. */
  readonly userCertificates?: readonly string[]
  readonly counters?: number
  /** Folders Wide/0 … with so many Doubles Wide/0/0 … in each. */
  readonly wide?: { readonly folders: number; readonly each: number }
  /** Half-told answers that it keeps for a session. */
  readonly maxBrowseContinuationPoints?: number
  readonly intervalMs?: number
  /** Alarms by their names, see opcua-faulty/alarms.ts; default none. */
  readonly alarms?: readonly string[]
  /** MaxNodesPerRead, MaxMonitoredItemsPerCall … */
  readonly limits?: Readonly<Record<string, number>>
  readonly maxSessions?: number
  readonly maxSubscriptionsPerSession?: number
  readonly maxMonitoredItems?: number
  /** Publish requests that may wait in a session; one more, and the oldest is answered with BadTooManyPublishRequests. Default 100. */
  readonly maxPublishRequests?: number
  readonly minPublishingMs?: number
  readonly maxNotificationsPerPublish?: number
  /** Host in the endpoint URLs, as behind NAT. */
  readonly endpointHost?: string
}

export interface FaultyServer extends SteeredProcess {
  readonly port: number
  readonly url: string
  readonly certificate: string
}

/** Starts it and waits until it listens (about two seconds). Stopped when the test ends. */
export async function startFaultyServer(t: Cleanup, settings: FaultyServerSettings = {}): Promise<FaultyServer> {
  const folder = temporaryFolder(t)
  const port = settings.port ?? (await freePort())
  const applicationUri = settings.applicationUri ?? 'urn:bifrost:test:faulty'
  const made =
    settings.certificate === undefined
      ? createApplicationCertificate(folder, 'faulty', { uri: applicationUri })
      : undefined
  const certificate = settings.certificate ?? made!.cert
  const all = { ...settings, port, applicationUri, certificate, key: settings.key ?? made?.key }
  const child = fileURLToPath(new URL('opcua-faulty/child.ts', import.meta.url))
  // node-opcua keeps certificates of others where the user's configuration lies.
  const env = { XDG_CONFIG_HOME: folder, HOME: folder, NODE_NO_WARNINGS: '1' }
  const running = startSteered(t, process.execPath, [child, JSON.stringify(all)], env)
  const ready = await running.heard('ready', undefined, 30_000)
  return { ...running, port, url: String(ready.url), certificate }
}
