/**
 * A program that is steered by lines of JSON: `{"id", "do", …}` to its stdin, `{"id", "ok"}` or `{"id", "error"}` from its stdout, and
 * `{"event", …}` for what happens by itself. The OPC UA peers of the tests speak so, in Python and in Node alike.
 */
import { createInterface } from 'node:readline'
import { eventually, startProcess, type Cleanup, type RunningProcess } from './peers.ts'

export type Told = Readonly<Record<string, unknown>> & { readonly event: string }

export interface SteeredProcess {
  readonly process: RunningProcess
  /** Carries out a command and gives its answer; rejects with the sentence of the program when it cannot. */
  ask<T = Record<string, unknown>>(command: string, details?: object, timeoutMs?: number): Promise<T>
  /** What happened by itself so far, the oldest first; the list grows. */
  readonly told: readonly Told[]
  /** The first such event that is there already or comes within `timeoutMs`. */
  heard(event: string, matches?: (told: Told) => boolean, timeoutMs?: number): Promise<Told>
}

/** Starts it; stopped when the test ends. Its streams are kept for the messages of a failing test. */
export function startSteered(
  t: Cleanup,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): SteeredProcess {
  const running = startProcess(t, command, args, { env })
  const told: Told[] = []
  const asked = new Map<number, (answer: { ok?: unknown; error?: string }) => void>()
  let next = 1
  // A command that is still under way when the program ends is told by `exited`.
  running.child.stdin?.on('error', () => undefined)
  createInterface({ input: running.child.stdout! }).on('line', (line) => {
    const message = parseLine(line)
    if (message === undefined) return
    if (typeof message.event === 'string') told.push(message as Told)
    else if (typeof message.id === 'number') asked.get(message.id)?.(message)
  })
  return {
    process: running,
    told,
    ask: <T>(name: string, details: object = {}, timeoutMs = 10_000) =>
      new Promise<T>((resolve, reject) => {
        const id = next++
        const finish = (settle: () => void) => {
          asked.delete(id)
          clearTimeout(timer)
          settle()
        }
        const fail = (why: string) =>
          finish(() => reject(new Error(`${name}: ${why}; it printed:\n${running.output()}`)))
        const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
        asked.set(id, (answer) => {
          if (answer.error === undefined) finish(() => resolve(answer.ok as T))
          else fail(answer.error)
        })
        void running.exited.then(() => {
          if (asked.has(id)) fail('the program ended')
        })
        running.child.stdin?.write(`${JSON.stringify({ id, do: name, ...details })}\n`)
      }),
    async heard(event, matches = () => true, timeoutMs = 10_000) {
      const found = () => told.find((one) => one.event === event && matches(one))
      await eventually(
        () => `${event}; it printed:\n${running.output()}`,
        () => {
          if (found() === undefined && hasEnded(running))
            throw new Error(`the program ended before ${event}:\n${running.output()}`)
          return found() !== undefined
        },
        timeoutMs,
      )
      return found()!
    },
  }
}

const hasEnded = ({ child }: RunningProcess): boolean => child.exitCode !== null || child.signalCode !== null

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
