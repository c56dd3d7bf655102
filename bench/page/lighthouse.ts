/**
 * Lighthouse's performance and accessibility of the first screens, with Debian's Chromium and no network but the gateway on this machine. It
 * is no dependency of the project (176 MB with Sentry and Puppeteer for two figures): `LIGHTHOUSE=<folder with node_modules/lighthouse>` names
 * where it is installed (`npm install --ignore-scripts lighthouse@13.5.0` in an empty folder).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findCommand, freePort } from '../../src/testing/peers.ts'
import type { Figure } from './figures.ts'
import { startPlant, waitFor } from './rig.ts'

interface Audits {
  readonly lhr: {
    readonly categories: Readonly<Record<string, { readonly id: string; readonly score: number | null }>>
  }
}
const RUNS = 3

type Lighthouse = (url: string, flags: object) => Promise<Audits>

const DESK = {
  onlyCategories: ['performance', 'accessibility'],
  formFactor: 'desktop',
  screenEmulation: { mobile: false, width: 1440, height: 900, deviceScaleFactor: 1, disabled: false },
  // What Lighthouse takes for a desk (its `desktop` preset).
  throttling: { rttMs: 40, throughputKbps: 10_240, cpuSlowdownMultiplier: 1 },
  logLevel: 'error',
}

export async function lighthouse(): Promise<Figure[]> {
  const folder = process.env.LIGHTHOUSE
  if (folder === undefined) return []
  const entry = createRequire(join(folder, 'package.json')).resolve('lighthouse')
  const { default: audit } = (await import(pathToFileURL(entry).href)) as { default: Lighthouse }
  const plant = await startPlant({ tags: 40, everyMs: 1000 })
  const profile = mkdtempSync(join(tmpdir(), 'bifrost-lighthouse-'))
  const port = await freePort()
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', `--remote-debugging-port=${port}`]
  const chrome = spawn(findCommand('chromium') ?? 'chromium', [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: 'ignore',
  })
  try {
    await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/json/version`)).ok, 20_000)
    const figures: Figure[] = []
    for (const path of ['/', '/values']) {
      for (const { id, score } of await scores(audit, `${plant.url}${path}`, port))
        figures.push({ what: `Lighthouse ${id}, ${path}`, value: 100 * score, unit: 'of 100', least: 95 })
    }
    return figures
  } finally {
    if (chrome.kill()) await once(chrome, 'exit')
    await plant.stop()
    rmSync(profile, { recursive: true, force: true })
  }
}

/** No score where Chromium handed Lighthouse no picture of the page in time: that run says nothing, and it is done again. */
async function scores(audit: Lighthouse, url: string, port: number): Promise<{ id: string; score: number }[]> {
  for (let run = 0; run < RUNS; run++) {
    const { lhr } = await audit(url, { ...DESK, port })
    const scored = Object.values(lhr.categories).flatMap(({ id, score }) => (score === null ? [] : [{ id, score }]))
    if (scored.length === DESK.onlyCategories.length) return scored
  }
  throw new Error(`Lighthouse gave no score for ${url} in ${RUNS} runs.`)
}
