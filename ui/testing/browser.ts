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

/** Builds the page as it stands, so that what is looked at is what the sources say. */
export function buildPage(): void {
  const root = join(import.meta.dirname, '..', '..')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const { status, stderr } = spawnSync(process.execPath, [vite, 'build', 'ui'], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the page does not build:\n${stderr}`)
}
