/** The program behind opcua-faulty-server.ts: lines of JSON in, lines of JSON out. The end of its input ends it. */
import { createInterface } from 'node:readline'
import { setLogLevel } from 'node-opcua-client'
import type { FaultyServerSettings } from '../opcua-faulty-server.ts'
import { createCommands } from './commands.ts'
import { createFaults } from './faults.ts'

export type ChildSettings = FaultyServerSettings &
  Required<Pick<FaultyServerSettings, 'port' | 'applicationUri' | 'certificate' | 'key'>>

const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

// What node-opcua has to say about the faults that were ordered is no news.
setLogLevel(0)
for (const name of ['log', 'info', 'warn', 'error'] as const) {
  console[name] = (...words: unknown[]) => void process.stderr.write(`${words.join(' ')}\n`)
}

const settings = JSON.parse(process.argv[2]!) as ChildSettings
const commands = createCommands(settings, createFaults())
say({ event: 'ready', url: await commands.start() })

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: name, ...details } = JSON.parse(line) as { id: number; do: string }
  try {
    say({ id, ok: (await commands.carryOut(name, details)) ?? {} })
  } catch (error) {
    say({ id, error: String(error) })
  }
}
process.exit(0)
