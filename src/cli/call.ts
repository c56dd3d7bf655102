/** What a command gets when it is called. */
import type { Terminal } from './terminal.ts'

export interface Call {
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
  readonly terminal: Terminal
  readonly env: NodeJS.ProcessEnv
}

/** A command: resolves with the exit code, or throws a GatewayError. */
export type Action = (call: Call) => Promise<number>

/** An option that takes a text, or undefined where it was not given. */
export function textOption(call: Call, name: string): string | undefined {
  const value = call.options[name]
  return typeof value === 'string' ? value : undefined
}
