/** A real upstream gateway in another process (`upstream-child.ts`), and what came out of its log, in the numbers of the sender's log. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ReceivedFrom } from '../ingest/receiver.ts'
import { freePort, temporaryFolder } from './peers.ts'
import type { Delivered } from './sink-suite.ts'

const CHILD = fileURLToPath(new URL('./upstream-child.ts', import.meta.url))

export interface RecordedRow {
  /** In the upstream log. */
  readonly seq: number
  readonly device: string
  readonly tag: string
  readonly unit: string | undefined
  readonly value: unknown
  readonly status: number
  readonly time: number
  readonly historical: boolean
}

interface RecordedGap {
  readonly seq: number
  readonly samples: number | null
  readonly reason: string
  /** `device/tag`, where it is known whose samples they were. */
  readonly tags: readonly string[] | null
}

interface UpstreamStatus {
  readonly status: readonly ReceivedFrom[]
  readonly log: { readonly logId: string; readonly durableSeq: number; readonly nextSeq: number }
}

/** What the child tells. */
export type UpstreamMessage =
  { readonly port: number } | { readonly rows: readonly RecordedRow[] } | { readonly gap: RecordedGap } | UpstreamStatus

export interface UpstreamOptions {
  /** Lines of bifrost.yaml below `receive`, beside `listen`. */
  readonly receive?: readonly string[]
  /** Further lines, such as `store: { … }`. */
  readonly yaml?: readonly string[]
}

export interface Upstream {
  readonly port: number
  readonly folder: string
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  status(): Promise<UpstreamStatus>
  /** It stands still: connections stay and nothing is answered. */
  pause(isPaused: boolean): void
  rows(): readonly RecordedRow[]
  gaps(): readonly RecordedGap[]
  /** What came of this client, as it numbered it. */
  delivered(client: string): Delivered[]
  output(): string
}

/** Starts one; stopped when the test ends. */
export async function startUpstream(
  t: TestContext,
  { receive = [], yaml = [] }: UpstreamOptions = {},
): Promise<Upstream> {
  const folder = temporaryFolder(t)
  const port = await freePort()
  const file = join(folder, 'bifrost.yaml')
  const clients = receive.some((line) => line.startsWith('clients:'))
    ? []
    : ['clients: [{ name: edge-1 }, { name: edge-2 }]']
  const lines = [
    'version: 1',
    'http: { enabled: false }',
    ...(yaml.some((line) => line.startsWith('store:')) ? [] : ['store: { syncEvery: 20ms }']),
    ...yaml,
    'sinks: [{ name: recorder, sink: recorder }]',
    'receive:',
    ...[`listen: 127.0.0.1:${port}`, ...clients, ...receive].map((line) => `  ${line}`),
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  let child: ChildProcess | undefined
  let text = ''
  const rows: RecordedRow[] = []
  const gaps: RecordedGap[] = []
  const onMessage = (message: UpstreamMessage) => {
    if ('rows' in message) rows.push(...message.rows)
    else if ('gap' in message) gaps.push(message.gap)
  }
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    const running = child
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    running.kill(signal)
    await once(running, 'exit')
  }
  const upstream: Upstream = {
    port,
    folder,
    async start() {
      const running = (child = fork(CHILD, [file], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }))
      for (const stream of [running.stdout!, running.stderr!])
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
      running.on('message', onMessage)
      await Promise.race([
        once(running, 'message'),
        once(running, 'exit').then(() => Promise.reject(new Error(`the upstream gateway ended: ${text}`))),
      ])
    },
    stop,
    async status() {
      child!.send('status')
      for (;;) {
        const [message] = (await once(child!, 'message')) as [UpstreamMessage]
        if ('status' in message) return message
      }
    },
    pause: (isPaused) => void child?.kill(isPaused ? 'SIGSTOP' : 'SIGCONT'),
    rows: () => rows,
    gaps: () => gaps,
    delivered: (client) => numbered(rows, client),
    output: () => text,
  }
  await upstream.start()
  t.after(() => stop('SIGKILL'))
  return upstream
}

const MARKER = /^origin\/([^/]+)\/(from|to)$/

/** Rows between a `from` and a `to` of a log are numbered one by one; a row that was recorded twice counts once. */
export function numbered(recorded: readonly RecordedRow[], client: string): Delivered[] {
  const delivered: Delivered[] = []
  let open: { log: string; next: number } | undefined
  const seen = new Set<number>()
  for (const row of recorded) {
    if (seen.has(row.seq)) continue
    seen.add(row.seq)
    const marker = row.device === client ? MARKER.exec(row.tag) : null
    if (marker !== null) {
      open = marker[2] === 'from' ? { log: marker[1]!, next: row.value as number } : undefined
      continue
    }
    if (open === undefined || !row.device.startsWith(`${client}.`)) continue
    const { tag, value, status, time, historical } = row
    const device = row.device.slice(client.length + 1)
    delivered.push({ device, tag, value, status, time, historical, log: open.log, seq: open.next++ })
  }
  return delivered
}
