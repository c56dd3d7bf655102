/** `npm run bench`: all benchmarks, or those that are named. Options after a name go to it: `npm run bench -- flow --seconds 20`. */
interface Benchmark {
  readonly summary: string
  load(): Promise<{ run(args?: readonly string[]): Promise<unknown> }>
}

const BENCHMARKS: Record<string, Benchmark> = {
  modbus: {
    summary: 'Modbus clients beside ours, 10,000 devices, faulty neighbours, writes under load',
    load: () => import('./modbus.ts'),
  },
  log: { summary: 'samples into and out of the durable log', load: () => import('./log.ts') },
  trends: {
    summary: 'a day of 1,000 tags: bytes kept a sample, one tag over an hour',
    load: () => import('./trends.ts'),
  },
  reload: {
    summary: 'one tag among 100,000 changes: reload beside a full start',
    load: () => import('./reload.ts'),
  },
  opcua: {
    summary: "10,000 monitored items and batched reads on asyncua's server, beside its client",
    load: () => import('./opcua.ts'),
  },
  mqtt: { summary: 'samples through runner and MQTT sink, beside the bare client', load: () => import('./mqtt.ts') },
  'catch-up': {
    summary: 'after an outage: live samples first, ten minutes made up for beside them, over MQTT',
    load: () => import('./catch-up.ts'),
  },
  http: {
    summary: 'samples through runner and http sink, beside a bare client',
    load: () => import('./sinks/http.ts'),
  },
  bifrost: {
    summary: 'edge to cloud: samples a second and bytes a sample, beside bare mqtt.js with uns-json',
    load: () => import('./sinks/bifrost.ts'),
  },
  influx: {
    summary: 'samples through runner and influx sink to InfluxDB 1.x, beside a bare client',
    load: () => import('./sinks/influx.ts'),
  },
  kafka: {
    summary: "records through runner and kafka sink to librdkafka's mock cluster, beside the bare client",
    load: () => import('./sinks/kafka.ts'),
  },
  nats: {
    summary: 'messages through runner and nats sink to JetStream, beside the bare client',
    load: () => import('./sinks/nats.ts'),
  },
  'opcua-server': {
    summary: '10,000 OPC UA nodes that change each second, to five subscribers in another process',
    load: () => import('./sinks/opcua-server.ts'),
  },
  postgres: {
    summary: 'rows through runner and postgres sink, beside bare pg-copy-streams',
    load: () => import('./sinks/postgres.ts'),
  },
  redis: {
    summary: 'values through runner and redis sink, beside bare node-redis',
    load: () => import('./sinks/redis.ts'),
  },
  sparkplug: {
    summary: 'Sparkplug metrics through runner and sink, beside mqtt.js with sparkplug-payload',
    load: () => import('./sinks/sparkplug.ts'),
  },
  file: { summary: 'samples through runner and file sink, beside bare appends', load: () => import('./sinks/file.ts') },
  api: {
    summary: 'requests for values and live sockets, while 100,000 tags/s are polled',
    load: () => import('./http.ts'),
  },
  'sign-in': { summary: 'signing in, beside bare argon2id', load: () => import('./sign-in.ts') },
  hostile: {
    summary: 'other clients of the HTTP server while it is attacked',
    load: () => import('./hostile.ts'),
  },
  tracing: {
    summary: 'what traces cost at 100,000 tags/s: 1 % of the polls recorded, beside none',
    load: () => import('./tracing.ts'),
  },
  metrics: {
    summary: 'a scrape with 10,000 devices beside the Prometheus client, and what counting costs at 100,000 tags/s',
    load: () => import('./metrics.ts'),
  },
  latency: { summary: 'from a register change to an MQTT subscriber', load: () => import('./latency.ts') },
  config: { summary: 'check of 100,000 tags, an edit of one, comparison, estimate', load: () => import('./config.ts') },
  page: {
    summary: 'the web page in Chromium: size, long tasks, live table, trend, heap',
    load: () => import('./page.ts'),
  },
  edge: {
    summary: 'the edge profile in 256 MB and half a core: memory, growth, starts, losses, 72 hours offline',
    load: () => import('./edge.ts'),
  },
  idle: { summary: 'memory of the demo with no browser', load: () => import('./idle.ts') },
  flow: {
    summary: 'devices in another process, polled over sockets, through the log to a counting sink',
    load: () => import('./flow.ts'),
  },
}

const [first, ...args] = process.argv.slice(2)
if (first !== undefined && !first.startsWith('-') && BENCHMARKS[first] === undefined) {
  console.error(`no benchmark '${first}'; there are ${Object.keys(BENCHMARKS).join(', ')}`)
  process.exit(2)
}
const chosen = first !== undefined && BENCHMARKS[first] !== undefined ? [first] : Object.keys(BENCHMARKS)
for (const name of chosen) {
  const benchmark = BENCHMARKS[name]!
  console.log(`\n## ${name}: ${benchmark.summary}\n`)
  const { run } = await benchmark.load()
  await run(chosen.length === 1 ? args : [])
}
process.exit(process.exitCode ?? 0)
