/**
 * What is wrong with a configuration, with its place, so that a person can jump there: `file:line:col path: what, did you
 * mean …`. All problems of a file are gathered and thrown at once.
 */
import { GatewayError } from '../core/errors.ts'
import { hideUrlPasswords } from '../core/url-password.ts'

/** A place in a file; line and column count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Where in the structure, for a place whose file has words of its own for it: `row 37, unit` in a CSV file. */
  readonly path?: string | undefined
  /** What else had a part in it: the template, or the device for which it was expanded. */
  readonly via?: Via | undefined
}

/** The second place of a problem of an expanded template, in words. */
export interface Via {
  readonly text: string
  /** The first place is the template's own: what is wrong there is wrong for all its devices, and told once. */
  readonly common: boolean
}

export interface Problem extends Place {
  /** Where in the structure: `devices[0].options.port`, or `row 37, address` in a CSV file. */
  readonly path: string
  readonly message: string
  /** What was probably meant. */
  readonly suggestion?: string
}

/** `bifrost.yaml:4:7 devices[0].drvier: unknown key "drvier", did you mean "driver"?` */
export function formatProblem(problem: Problem): string {
  const path = problem.path === '' ? '' : ` ${problem.path}`
  const hint = problem.suggestion === undefined ? '' : `, did you mean ${problem.suggestion}?`
  return `${formatPlace(problem)}${path}: ${problem.message}${hint}`
}

export const formatPlace = (place: Place): string => `${place.file}:${place.line}:${place.column}`

/** The configuration cannot be used; `problems` holds every reason. Thrown by `loadConfig`. */
export class ConfigError extends GatewayError {
  readonly problems: readonly Problem[]
  /** What else was noticed; never a reason to refuse. */
  readonly warnings: readonly Problem[]

  constructor(file: string, problems: readonly Problem[], warnings: readonly Problem[] = []) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
    super('CONFIG_INVALID', [`${file} has ${count}:`, ...problems.map(formatProblem)].join('\n'), {
      details: { problems },
    })
    this.name = 'ConfigError'
    this.problems = problems
    this.warnings = warnings
  }
}

/** Gathers problems and warnings while a configuration is read. */
export class ProblemList {
  /** Where each interlock stands first, by its text; `interlocks.ts` looks at them when all tags are known. */
  readonly interlocks = new Map<string, { readonly placeOf: (column: number) => Place; readonly path: string }>()
  readonly problems: Problem[] = []
  readonly warnings: Problem[] = []
  /** How often something was added: more than `problems` has, where many devices share a problem of their template. */
  count = 0
  readonly #common = new Map<string, { at: number; more: number; last: string }>()

  add(place: Place, path: string, message: string, suggestion?: string): void {
    this.count++
    if (place.via?.common === true && this.#isKnown(place, place.via.text, message)) return
    this.problems.push(toProblem(place, path, message, suggestion))
  }

  warn(place: Place, path: string, message: string, suggestion?: string): void {
    this.warnings.push(toProblem(place, path, message, suggestion))
  }

  /** True when another device had this problem of its template; the first telling then says how many more have it. */
  #isKnown({ file, line, column }: Place, device: string, message: string): boolean {
    const key = JSON.stringify([file, line, column, message])
    const first = this.#common.get(key)
    if (first === undefined) {
      this.#common.set(key, { at: this.problems.length, more: 0, last: device })
      return false
    }
    if (first.last === device) return true
    first.last = device
    const told = this.problems[first.at]!
    const before = first.more === 0 ? ')' : ` and ${first.more} more)`
    first.more++
    this.problems[first.at] = {
      ...told,
      message: `${told.message.slice(0, -before.length)} and ${first.more} more)`,
    }
    return true
  }
}

/** What a driver or sink says of a URL may repeat it: its password does not get further than here. */
function toProblem(
  { file, line, column, via, path: own }: Place,
  path: string,
  told: string,
  suggestion?: string,
): Problem {
  const message = hideUrlPasswords(via === undefined ? told : `${told} (${via.text})`)
  return { file, line, column, path: own ?? path, message, ...(suggestion === undefined ? {} : { suggestion }) }
}
