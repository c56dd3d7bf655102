/** Debian's mosquitto as a broker that nobody here wrote: on a free port, with a configuration of the test's own. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect } from 'node:net'
import { eventually, findCommand, freePort, startProcess, temporaryFolder, type RunningProcess } from './peers.ts'

export interface MosquittoOptions {
  /** Only this user may connect; anyone where absent. */
  readonly user?: { readonly name: string; readonly password: string } | undefined
  /** Listens with TLS: files of `testCertificates`. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string | undefined } | undefined
  /** Lines of mosquitto.conf. */
  readonly extra?: readonly string[] | undefined
  /** Lines of an access control file, such as `topic deny secret/#`. */
  readonly acl?: readonly string[] | undefined
}

export interface Mosquitto {
  readonly port: number
  readonly url: string
  /** Starts it again after `stop`, on the same port. */
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** It stands still: connections stay and nothing is answered. */
  pause(isPaused: boolean): void
  output(): string
}

/** Starts mosquitto and waits until it listens; stopped when the test ends. */
export async function startMosquitto(t: TestContext, options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = temporaryFolder(t)
  const port = await freePort()
  const file = join(folder, 'mosquitto.conf')
  writeFileSync(file, configuration(folder, port, options).join('\n') + '\n')
  let running: RunningProcess | undefined
  const broker: Mosquitto = {
    port,
    url: `${options.tls === undefined ? 'mqtt' : 'mqtts'}://${options.tls === undefined ? '127.0.0.1' : 'localhost'}:${port}`,
    output: () => running?.output() ?? '',
    async start() {
      running = startProcess(t, 'mosquitto', ['-c', file, '-v'])
      await eventually(`mosquitto listens; it printed ${running.output()}`, () => listens(port), 5000)
    },
    async stop(signal = 'SIGTERM') {
      await running?.stop(signal)
    },
    pause: (isPaused) => void running?.child.kill(isPaused ? 'SIGSTOP' : 'SIGCONT'),
  }
  await broker.start()
  return broker
}

function configuration(folder: string, port: number, options: MosquittoOptions): string[] {
  const { user, tls, acl, extra = [] } = options
  const lines = [
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${user === undefined}`,
    'set_tcp_nodelay true',
    'max_inflight_messages 1000',
    'max_queued_messages 0',
    // Subscribers' sessions survive a restart, messages of QoS 0 included: what a test misses, the sink has lost.
    'persistence true',
    `persistence_location ${folder}/`,
    'queue_qos0_messages true',
    // As root it would change to a user of its own, who may not read the test's files.
    `user ${userInfo().username}`,
    ...extra,
  ]
  if (user !== undefined) lines.push(`password_file ${passwordFile(folder, user)}`)
  if (tls !== undefined) lines.push(`certfile ${tls.cert}`, `keyfile ${tls.key}`)
  if (tls?.clientCa !== undefined) lines.push(`cafile ${tls.clientCa}`, 'require_certificate true')
  if (acl !== undefined) {
    const file = join(folder, 'acl')
    writeFileSync(file, acl.join('\n') + '\n')
    lines.push(`acl_file ${file}`)
  }
  return lines
}

function passwordFile(folder: string, user: { name: string; password: string }): string {
  const file = join(folder, 'passwords')
  writeFileSync(file, `${user.name}:${user.password}\n`, { mode: 0o600 })
  execFileSync(findCommand('mosquitto_passwd') ?? 'mosquitto_passwd', ['-U', file], { stdio: 'ignore' })
  return file
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
