/** Configurations of several files for tests: written to a folder of their own, loaded, and their problems as lines. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Config, ConfigSources } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { ConfigError, formatProblem } from '../config/problem.ts'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { temporaryFolder } from './peers.ts'

/** Contents by file name; `bifrost.yaml` is the configuration, and what stands under `library/` its library of templates. */
export type Files = Record<string, string>

/** The configuration, with our drivers and sinks and no environment unless others are given. */
export async function loadFiles(t: TestContext, files: Files, sources: Partial<ConfigSources> = {}): Promise<Config> {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const library = join(folder, 'library')
  return loadConfig(join(folder, 'bifrost.yaml'), { drivers, sinks, env: {}, library, ...sources })
}

/** Its problems as lines, the folder cut off; none where it loads. */
export async function problemLines(
  t: TestContext,
  files: Files,
  sources: Partial<ConfigSources> = {},
): Promise<string[]> {
  try {
    await loadFiles(t, files, sources)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => withoutFolder(formatProblem(problem)))
  }
  return []
}

/** A text without the folder of the test in the names of files. */
export const withoutFolder = (text: string): string => text.replaceAll(/\/\S*bifrost-test-[^/]*\//g, '')
