/** The file by which the command line of this machine finds its gateway: nobody else's, no dead one's, and gone afterwards. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { processIdentity } from '../../core/process-identity.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import { findHostFile, writeHostFile } from './host-file.ts'

const PORT = 65_001

function place(t: TestContext) {
  const folder = temporaryFolder(t)
  const env = { XDG_RUNTIME_DIR: join(folder, 'run') }
  mkdirSync(env.XDG_RUNTIME_DIR)
  const links = join(env.XDG_RUNTIME_DIR, 'bifrost')
  const write = (data = join(folder, 'data'), port = PORT) =>
    writeHostFile({ data, url: `http://127.0.0.1:${port}`, port, token: `token of ${port}` }, env)
  return {
    folder,
    env,
    links,
    write,
    link: join(links, `${PORT}.json`),
    file: join(folder, 'data', 'run', 'host.json'),
  }
}

test('written for its user alone, found by port, and taken away', (t) => {
  const { env, links, write, file, link } = place(t)
  assert.equal(findHostFile(PORT, env), undefined)
  const remove = write()
  assert.deepEqual([statSync(file).mode & 0o777, statSync(links).mode & 0o777], [0o600, 0o700])
  assert.equal(findHostFile(PORT, env)?.token, 'token of 65001')
  assert.equal(findHostFile(PORT + 1, env), undefined)
  remove()
  assert.deepEqual([existsSync(file), readdirSync(links)], [false, []])
  // A second gateway on the same data folder took over: the first one leaves its file alone.
  const first = write()
  writeFileSync(
    file,
    JSON.stringify({ url: `http://127.0.0.1:${PORT}`, token: 'other', process: processIdentity(process.pid) }),
  )
  first()
  assert.equal(existsSync(file) && lstatSync(link).isSymbolicLink(), true)
})

test('a gateway that is dead is not found, and its link goes; the next start clears those of others', (t) => {
  const { folder, env, write, file, link, links } = place(t)
  write()
  const dead = {
    url: `http://127.0.0.1:${PORT}`,
    token: 'old',
    process: { ...processIdentity(process.pid), started: '1' },
  }
  writeFileSync(file, JSON.stringify(dead))
  assert.equal(findHostFile(PORT, env), undefined)
  assert.equal(existsSync(link), false)
  symlinkSync(file, link)
  symlinkSync(join(folder, 'nowhere'), join(links, '1.json'))
  write(join(folder, 'second'), PORT + 1)
  assert.deepEqual(readdirSync(links), [`${PORT + 1}.json`])
})

test('a folder, link or file that others could have made or read is not used', (t) => {
  const { folder, env, links, write, file, link } = place(t)
  write()
  for (const [what, mode, good] of [
    [links, 0o755, 0o700],
    [file, 0o640, 0o600],
  ] as const) {
    chmodSync(what, mode)
    assert.equal(findHostFile(PORT, env), undefined, what)
    chmodSync(what, good)
    if (!existsSync(link)) symlinkSync(file, link)
    assert.equal(findHostFile(PORT, env)?.token, 'token of 65001', 'control')
  }
  // A link in place of the file: what it leads to was chosen by somebody else.
  const other = join(folder, 'other.json')
  writeFileSync(
    other,
    JSON.stringify({ url: `http://127.0.0.1:${PORT}`, token: 'planted', process: processIdentity(process.pid) }),
    { mode: 0o600 },
  )
  rmSync(file)
  symlinkSync(other, file)
  assert.equal(findHostFile(PORT, env), undefined)
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"token":1}',
    '{"token":"x","url":"none"}',
    '{"token":"x","url":"http://127.0.0.1:65001"}',
  ]) {
    rmSync(file)
    writeFileSync(file, text, { mode: 0o600 })
    if (!existsSync(link)) symlinkSync(file, link)
    assert.equal(findHostFile(PORT, env), undefined, text)
  }
})

test(
  'a runtime folder that is not ours is passed over for the one of temporary files',
  { skip: process.getuid?.() !== 0 },
  (t) => {
    const { env, links, write } = place(t)
    mkdirSync(links, { mode: 0o777 })
    chmodSync(links, 0o777)
    const remove = write()
    t.after(remove)
    assert.deepEqual(readdirSync(links), [])
    assert.equal(findHostFile(PORT, env)?.token, 'token of 65001')
  },
)
