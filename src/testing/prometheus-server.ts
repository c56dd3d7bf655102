/** Debian's Prometheus as a receiver of remote write, on a free port. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { uncompress } from 'snappyjs'
import { eventually, freePort, startProcess, temporaryFolder, type Cleanup, type RunningProcess } from './peers.ts'

export interface PrometheusOptions {
  /** Without it, remote write is not served. */
  readonly receiver?: boolean
  /** Lines of the web configuration (TLS, users). */
  readonly web?: readonly string[]
  /** Samples may come late by this much, such as `1h`. */
  readonly outOfOrder?: string
  /** What it knows from the start, as OpenMetrics with times. */
  readonly history?: string
}

/** One raw series: labels and samples as [ms, text of the value]. */
export interface StoredSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly samples: readonly (readonly [number, string])[]
}

export interface PrometheusServer {
  readonly url: string
  readonly port: number
  /** Every sample of the series that a selector such as `{device="press"}` finds, as they are stored. */
  raw(selector: string): Promise<StoredSeries[]>
  /** The result of an instant query at a time in ms. */
  instant(query: string, atMs: number): Promise<readonly { metric: Record<string, string>; value: [number, string] }[]>
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** It stands still: connections stay and nothing is answered. */
  pause(isPaused: boolean): void
}

/** Starts prometheus and waits until it answers; stopped when the test ends. */
export async function startPrometheus(t: Cleanup, options: PrometheusOptions = {}): Promise<PrometheusServer> {
  const { receiver = true, web, outOfOrder, history } = options
  const folder = temporaryFolder(t)
  const port = await freePort()
  const file = join(folder, 'prometheus.yml')
  writeFileSync(
    file,
    outOfOrder === undefined ? '{}\n' : `storage:\n  tsdb:\n    out_of_order_time_window: ${outOfOrder}\n`,
  )
  const webFile = join(folder, 'web.yml')
  if (web !== undefined) writeFileSync(webFile, `${web.join('\n')}\n`)
  if (history !== undefined) writeBlocks(folder, history)
  const flags = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${folder}/data`,
    // The samples of tests are years old.
    '--storage.tsdb.retention.time=100y',
    `--web.listen-address=127.0.0.1:${port}`,
    ...(receiver ? ['--web.enable-remote-write-receiver'] : []),
    ...(web === undefined ? [] : [`--web.config.file=${webFile}`]),
  ]
  const url = `http://127.0.0.1:${port}`
  let running: RunningProcess | undefined
  const get = async (path: string, query: Record<string, string>) => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query).toString()}`)
    const { data, error } = (await response.json()) as { data?: { result: unknown[] }; error?: string }
    if (data === undefined) throw new Error(`${JSON.stringify(query)}: ${error}`)
    return data.result
  }
  const server: PrometheusServer = {
    url,
    port,
    async raw(selector) {
      const result = await get('query', { query: `${selector}[20000d]`, time: '1800000000' })
      return (result as { metric: Record<string, string>; values: [number, string][] }[]).map(({ metric, values }) => ({
        metric,
        samples: values.map(([seconds, value]) => [Math.round(seconds * 1000), value] as const),
      }))
    },
    instant: (query, atMs) =>
      get('query', { query, time: String(atMs / 1000) }) as ReturnType<PrometheusServer['instant']>,
    async start() {
      running = startProcess(t, 'prometheus', flags)
      const ready = () => running!.output().includes('Server is ready to receive web requests')
      await eventually(() => `prometheus starts; it printed ${running!.output()}`, ready, 15_000)
    },
    async stop(signal = 'SIGTERM') {
      await running?.stop(signal)
    },
    pause: (isPaused) => void running?.child.kill(isPaused ? 'SIGSTOP' : 'SIGCONT'),
  }
  await server.start()
  return server
}

function writeBlocks(folder: string, history: string): void {
  writeFileSync(join(folder, 'history.txt'), history)
  const args = [
    'tsdb',
    'create-blocks-from',
    'openmetrics',
    '--quiet',
    join(folder, 'history.txt'),
    join(folder, 'data'),
  ]
  execFileSync('promtool', args, { stdio: 'pipe' })
}

const WriteRequest = protobuf
  .parse(
    `syntax = "proto3";
     message WriteRequest { repeated TimeSeries timeseries = 1; }
     message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
     message Label { string name = 1; string value = 2; }
     message Sample { double value = 1; int64 timestamp = 2; }`,
  )
  .root.lookupType('WriteRequest')

export interface DecodedWriteRequest {
  readonly timeseries: readonly {
    readonly labels: readonly { name: string; value: string }[]
    readonly samples: readonly { value: number; timestamp: string }[]
  }[]
}

/** A message of remote write 1.0 as a decoder reads it that nobody here wrote. */
export const decodeWriteRequest = (bytes: Uint8Array): DecodedWriteRequest =>
  WriteRequest.toObject(WriteRequest.decode(bytes), {
    longs: String,
    arrays: true,
    defaults: true,
  }) as DecodedWriteRequest

/** The samples of a request's body, in order; `name` has all labels. */
export const samplesIn = (body: Uint8Array): { name: string; time: number; value: number }[] =>
  decodeWriteRequest(uncompress(body)).timeseries.flatMap(({ labels, samples }) =>
    samples.map(({ timestamp, value }) => ({ name: JSON.stringify(labels), time: Number(timestamp), value })),
  )
