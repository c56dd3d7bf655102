/** What the gateway said of fields, by their paths. */
import { ProblemError } from '../../api/client.ts'

/** Those below this pointer: `#/options/serial/baud` below `/options/` is `serial.baud`. */
export function faultsOf(error: Error | null | undefined, below: string): ReadonlyMap<string, string> {
  const errors = error instanceof ProblemError ? (error.problem.errors ?? []) : []
  const start = `#${below}`
  return new Map(
    errors
      .filter(({ pointer }) => pointer.startsWith(start))
      .map(({ pointer, detail }) => [pointer.slice(start.length).replaceAll('/', '.'), detail]),
  )
}
