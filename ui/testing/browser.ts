/** Chromium of the machine, without a network of its own, for the test of the page and its pictures. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { findCommand } from '../../src/testing/peers.ts'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts a browser with a profile of its own. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findCommand('chromium') ?? 'chromium', args: FLAGS })
}

/**
 * Builds the page when a source of it is newer than what is built, so that what is looked at is what the sources say. Test files run beside
 * each other: one builds, into a folder of its own that then takes the place of the other; `npm test` has built it before them.
 */
export function buildPage(): void {
  const root = join(import.meta.dirname, '..', '..')
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'build-page.js')], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the page does not build:\n${stderr}`)
}
