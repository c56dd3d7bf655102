/** The file: its mode, what is wrong with it, and what happens to it then (nothing). */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { GatewayError } from '../core/errors.ts'
import { openRig, PASSWORD, OFFICE } from '../testing/accounts-rig.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { openDatabase } from './database.ts'

test('nobody else may read the file, nor its companions', async (t) => {
  const { data, accounts } = await openRig(t, { withAnna: true })
  await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  const files = ['accounts.db', 'accounts.db-wal', 'accounts.db-shm'].map((name) => join(data, name)).filter(existsSync)
  assert.equal(files.length, 3)
  for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600, file)
})

test('a file with a wider mode is made private', async (t) => {
  const data = temporaryFolder(t)
  const first = await openDatabase(data)
  first.close()
  chmodSync(first.file, 0o644)
  const again = await openDatabase(data)
  assert.equal(statSync(again.file).mode & 0o777, 0o600)
  again.close()
})

const refusal = async (data: string): Promise<string> => {
  try {
    ;(await openDatabase(data)).close()
  } catch (error) {
    assert.ok(error instanceof GatewayError)
    assert.equal(error.code, 'STORE_FAILED')
    return error.message
  }
  return 'none'
}

test('a file that is not ours is refused and left as it is', async (t) => {
  const data = temporaryFolder(t)
  const file = join(data, 'accounts.db')
  writeFileSync(file, 'a shopping list\n')
  assert.match(
    await refusal(data),
    /accounts\.db is not a file of accounts\. Nothing was changed; restore it from a backup/,
  )
  assert.equal(readFileSync(file, 'utf8'), 'a shopping list\n')

  const other = temporaryFolder(t)
  const db = new DatabaseSync(join(other, 'accounts.db'))
  db.exec('CREATE TABLE recipes (name TEXT)')
  db.close()
  const before = readFileSync(join(other, 'accounts.db'))
  assert.match(await refusal(other), /is not a file of accounts/)
  assert.deepEqual(readFileSync(join(other, 'accounts.db')), before)
})

test('a damaged file is refused, byte for byte as it was', async (t) => {
  const { data, accounts, host } = await openRig(t, { withAnna: true })
  for (let n = 0; n < 20; n++)
    await accounts.tokens.create({ name: `t${n}`, grants: [{ permissions: ['view'] }], expiresAt: null }, host)
  await accounts.close()
  const whole = readFileSync(join(data, 'accounts.db'))
  const damages: Record<string, (bytes: Buffer) => Buffer> = {
    'cut in the middle': (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2 / 4096) * 4096),
    'a page of zeros': (bytes) => Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(4096), bytes.subarray(8192)]),
    'a header of noise': (bytes) => Buffer.concat([bytes.subarray(0, 16), Buffer.alloc(84, 0xa5), bytes.subarray(100)]),
  }
  for (const [what, damage] of Object.entries(damages)) {
    const folder = join(data, what.replaceAll(' ', '-'))
    mkdirSync(folder)
    writeFileSync(join(folder, 'accounts.db'), damage(whole))
    assert.match(await refusal(folder), /accounts\.db is (damaged|not a file of accounts)/, what)
    assert.deepEqual(readFileSync(join(folder, 'accounts.db')), damage(whole), what)
  }
  const control = join(data, 'control')
  mkdirSync(control)
  copyFileSync(join(data, 'accounts.db'), join(control, 'accounts.db'))
  assert.equal(await refusal(control), 'none')
})

test('a file of a newer Bifrost is left alone', async (t) => {
  const data = temporaryFolder(t)
  const { file, ...opened } = await openDatabase(data)
  void opened
  const db = new DatabaseSync(file)
  db.exec('PRAGMA user_version = 99')
  db.close()
  assert.match(await refusal(data), /was made by a newer Bifrost \(form 99; this one knows 1\)/)
})

test('two processes that start at once on an empty folder share one file', async (t) => {
  const data = temporaryFolder(t)
  const both = await Promise.all([openDatabase(data), openDatabase(data)])
  both[0].run("INSERT INTO users (name, key, origin, roles, created) VALUES ('a', 'a', 'local', '[]', 0)")
  assert.equal(both[1].changedElsewhere(), true)
  assert.equal(both[1].changedElsewhere(), false)
  assert.equal(both[1].all('SELECT * FROM users').length, 1)
  for (const each of both) each.close()
})

test('a transaction is all or nothing', async (t) => {
  const db = await openDatabase(temporaryFolder(t))
  const insert = (name: string) =>
    db.run("INSERT INTO users (name, key, origin, roles, created) VALUES (?, ?, 'local', '[]', 0)", name, name)
  assert.throws(() =>
    db.transaction(() => {
      insert('a')
      insert('a')
    }),
  )
  assert.equal(db.all('SELECT * FROM users').length, 0)
  db.transaction(() => insert('b'))
  assert.equal(db.all('SELECT * FROM users').length, 1)
  db.close()
})
