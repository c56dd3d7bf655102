/**
 * The site is built from the documentation as it stands, in a folder of its own, and judged by what stands in its files: links and anchors
 * lead somewhere, nothing comes from another host. Each judge is shown a defect that it has to find.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, after, test } from 'node:test'
import { apiPage } from '../scripts/api-reference.ts'
import { openapiDocument } from '../scripts/openapi-document.ts'
import { faultsOfSite } from '../scripts/site/check.ts'
import { rewriteLinks } from '../scripts/site/links.ts'
import { sidebarOf, sitePages } from '../scripts/site/pages.ts'
import { temporaryFolder } from '../src/testing/peers.ts'

const ROOT = join(import.meta.dirname, '..')
const pages = sitePages(ROOT)
const site = join(temporaryFolder({ after }), 'site')
let built: { status: number | null; output: string; seconds: number }

before(() => {
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync('bash', ['scripts/ci/site.sh', '--out', site], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  built = { status, output: stdout + stderr, seconds: (performance.now() - began) / 1000 }
})

test('the site builds without a fault, and every page of the documentation is on it', (t) => {
  t.diagnostic(`built in ${built.seconds.toFixed(0)} s`)
  assert.equal(built.status, 0, built.output)
  assert.ok(pages.length > 150)
  const missing = pages.filter(({ path }) => !existsSync(join(site, `${path}.html`)))
  assert.deepEqual(missing, [])
})

test('what the three readers need has its page: guide, reference, runbooks, course, pictures, search', () => {
  for (const name of ['drivers', 'sinks', 'configuration', 'errors', 'metrics', 'api', 'command-line', 'status-codes'])
    assert.ok(existsSync(join(site, 'reference', `${name}.html`)), name)
  const alerts = globSync('runbooks/alerts/Bifrost*.html', { cwd: site })
  assert.equal(alerts.length, globSync('docs/runbooks/alerts/Bifrost*.md', { cwd: ROOT }).length)
  assert.ok(existsSync(join(site, 'course', 'index.html')))
  assert.ok(globSync('assets/values-light.*.png', { cwd: site }).length > 0)
  assert.ok(globSync('assets/chunks/@localSearchIndex*.js', { cwd: site }).length > 0)
})

test('a word in pointed brackets and two braces in a sentence stay text', () => {
  const text = readFileSync(join(site, 'reference', 'command-line.html'), 'utf8')
  assert.match(text, /&lt;url&gt;/)
})

test('docs/reference/api.md is what the code says (npm run docs)', async () => {
  assert.equal(readFileSync(join(ROOT, 'docs', 'reference', 'api.md'), 'utf8'), apiPage(await openapiDocument()))
})

test('control: a dead link, an anchor that is nowhere, a script, a font and a picture of another host are found', () => {
  assert.deepEqual(faultsOfSite(site), [])
  const add = (name: string, text: string) => appendFileSync(join(site, name), text)
  add('start.html', '<a href="/guide/nothing.html">x</a><a href="/guide/logs.html#no-such-place">y</a>')
  add('start.html', '<script src="https://cdn.example/x.js"></script><img alt="" src="//cdn.example/p.png">')
  add('vp-icons.css', '@font-face { src: url(https://fonts.example/a.woff2) }')
  mkdirSync(join(site, 'more'))
  writeFileSync(join(site, 'more', 'x.js'), 'import("https://cdn.example/y.js")')
  const faults = faultsOfSite(site)
  for (const wanted of [
    'start.html: /guide/nothing.html: there is no such page',
    'start.html: /guide/logs.html#no-such-place: there is no place "no-such-place" on it',
    'start.html: loads from https://cdn.example/x.js',
    'start.html: loads from //cdn.example/p.png',
    'vp-icons.css: loads from https://fonts.example/a.woff2',
    'more/x.js: loads from https://cdn.example/y.js',
  ])
    assert.ok(faults.includes(wanted), `${wanted} is not among ${faults.join('\n')}`)
  assert.equal(faults.length, 6)
})

test('links between files become links between pages; what leads nowhere is told with its line', () => {
  const page = { source: 'docs/guide/logs.md', path: 'guide/logs', title: 'Logs' }
  const text = [
    '[a](../../src/drivers/modbus/README.md#limits) `[b](nowhere.md)` [c](../../bin/launch)',
    '```',
    '[d](nowhere.md)',
    '```',
    '![e](../images/page/values-light.png) [f](https://host.example/) [g](../nowhere.md)',
  ].join('\n')
  const result = rewriteLinks(ROOT, page, text, pages)
  assert.match(result.text, /^\[a\]\(\.\.\/drivers\/modbus\.md#limits\) `\[b\]\(nowhere\.md\)` c \(`bin\/launch`\)\n/)
  assert.deepEqual(result.assets, ['docs/images/page/values-light.png'])
  assert.deepEqual(result.broken, ['docs/guide/logs.md:5: ../nowhere.md: is not there'])
})

test('a page that no group of the contents takes is an error, not a page that nobody finds', () => {
  const page = { source: 'docs/elsewhere/x.md', path: 'elsewhere/x', title: 'x' }
  assert.throws(() => sidebarOf([page]), /no group .* takes docs\/elsewhere\/x\.md/)
})
