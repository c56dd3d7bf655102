/**
 * Where a command speaks: results to stdout, everything else to stderr (clig.dev). `--json` makes results machine-readable,
 * `--quiet` drops what is neither a result nor an error, colours follow NO_COLOR, FORCE_COLOR, TERM and `--no-color`.
 */
import { styleText } from 'node:util'

export interface TerminalOptions {
  readonly json: boolean
  readonly quiet: boolean
  /** False after `--no-color`. */
  readonly color: boolean
}

type Style = Parameters<typeof styleText>[0]

export class Terminal {
  readonly json: boolean
  readonly #quiet: boolean
  readonly #coloursOut: boolean
  readonly #coloursErr: boolean

  constructor({ json, quiet, color }: TerminalOptions, env: NodeJS.ProcessEnv) {
    this.json = json
    this.#quiet = quiet
    this.#coloursOut = color && wantsColours(env, process.stdout.isTTY)
    this.#coloursErr = color && wantsColours(env, process.stderr.isTTY)
  }

  /** A line of the result. */
  result(line: string): void {
    process.stdout.write(`${line}\n`)
  }

  /** A line of the result as one JSON value. */
  resultJson(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** Says what happens; silent under `--quiet`. */
  say(line: string): void {
    if (!this.#quiet) process.stderr.write(`${line}\n`)
  }

  /** Says what went wrong. */
  complain(line: string): void {
    process.stderr.write(`${this.#styled(this.#coloursErr, 'red', 'bifrost:')} ${line}\n`)
  }

  complainJson(value: unknown): void {
    process.stderr.write(`${JSON.stringify(value)}\n`)
  }

  /** Text in a style, where stdout shows styles. */
  style(style: Style, text: string): string {
    return this.#styled(this.#coloursOut, style, text)
  }

  #styled(on: boolean, style: Style, text: string): string {
    return on ? styleText(style, text, { validateStream: false }) : text
  }
}

/** NO_COLOR forbids, then FORCE_COLOR demands; otherwise a terminal that is not dumb. */
function wantsColours(env: NodeJS.ProcessEnv, isTerminal: boolean | undefined): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0'
  return isTerminal === true && env.TERM !== 'dumb'
}
