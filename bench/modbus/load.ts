/**
 * One client under load, in a process of its own that lives through all rounds, so that its code is warm: `node load.ts NAME`.
 * Runs what the parent asks for by IPC and says what it took of this process' CPU.
 */
import { EXPECTED, PEERS, type Connection } from './peers.ts'

export interface Task {
  readonly port: number
  readonly connections: number
  /** Requests under way at once on each connection. */
  readonly inFlight: number
  /** In all, over all connections. */
  readonly requests: number
}

export interface Measured {
  readonly requests: number
  readonly seconds: number
  readonly cpuSeconds: number
  /** Round trips in µs, sorted; only for one connection with one request in flight. */
  readonly roundTrips: readonly number[]
}

const open = PEERS[process.argv[2]!]!
let held: { task: Task; connections: Connection[] } | undefined

process.on('message', (task: Task) => {
  void measure(task).then(
    (measured) => process.send!(measured),
    (error: unknown) => process.send!({ failed: error instanceof Error ? error.message : JSON.stringify(error) }),
  )
})
process.once('disconnect', () => process.exit(0))

async function measure(task: Task): Promise<Measured> {
  const connections = await connectionsFor(task)
  const roundTrips: number[] = []
  const isSequential = task.connections === 1 && task.inFlight === 1
  const each = Math.ceil(task.requests / (task.connections * task.inFlight))
  const cpu = process.cpuUsage()
  const start = performance.now()
  await Promise.all(
    connections.flatMap((connection) =>
      Array.from({ length: task.inFlight }, () => readMany(connection, each, isSequential ? roundTrips : undefined)),
    ),
  )
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const requests = each * task.connections * task.inFlight
  return { requests, seconds, cpuSeconds: (user + system) / 1e6, roundTrips: roundTrips.sort((a, b) => a - b) }
}

async function readMany(connection: Connection, count: number, roundTrips: number[] | undefined): Promise<void> {
  for (let i = 0; i < count; i++) {
    const before = roundTrips === undefined ? 0 : performance.now()
    const sum = await connection.read()
    if (sum !== EXPECTED) throw new Error(`wrong registers: their sum is ${sum}, not ${EXPECTED}`)
    roundTrips?.push((performance.now() - before) * 1000)
  }
}

/** The connections of the last task when it was of the same kind. */
async function connectionsFor(task: Task): Promise<Connection[]> {
  if (
    held !== undefined &&
    held.task.port === task.port &&
    held.task.connections === task.connections &&
    held.task.inFlight === task.inFlight
  )
    return held.connections
  for (const connection of held?.connections ?? []) connection.close()
  const connections: Connection[] = []
  for (let i = 0; i < task.connections; i++) connections.push(await open(task.port, task.inFlight))
  held = { task, connections }
  return connections
}
