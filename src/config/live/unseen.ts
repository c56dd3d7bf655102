/**
 * What is said of files that somebody sent with `***` in them: without the secrets that these became. A reference, an alias or a parameter of a
 * template could lead one to where it would be shown, and whoever may only look must not see it that way.
 */
import type { Config } from '../config.ts'
import { BLANK } from '../plan/shown-options.ts'
import { ConfigError, type Problem } from '../problem.ts'
import { secretEraser } from '../running-secrets.ts'

/** As `work`, with what it gives or throws rid of the secrets of `running`. */
export function unseen<T>(files: Readonly<Record<string, string>>, running: Config, work: () => T): T {
  if (!Object.values(files).some((text) => text.includes(BLANK))) return work()
  const erase = secretEraser(running)
  try {
    return erased(work(), erase) as T
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const { problems, warnings } = error
    throw new ConfigError(running.file, erased(problems, erase) as Problem[], erased(warnings, erase) as Problem[])
  }
}

function erased(value: unknown, erase: (text: string) => string): unknown {
  if (typeof value === 'string') return erase(value)
  if (Array.isArray(value)) return value.map((one) => erased(one, erase))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, erased(one, erase)]))
}
