/** `bifrost hash-password`: what it prints is the hash of what it was given, and nothing else is printed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyPassword } from '../core/password.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')
const run = (input: string) => spawnSync(LAUNCHER, ['hash-password'], { input, encoding: 'utf8' })

test('the hash of one line, without its end', async () => {
  const { stdout, stderr, status } = run('correct horse\r\n')
  assert.deepEqual([status, stderr], [0, ''])
  assert.equal(await verifyPassword(stdout.trim(), 'correct horse'), true)
  assert.doesNotMatch(stdout, /correct horse/)
})

test('nothing on stdin is a mistake', () => {
  const { stdout, stderr, status } = run('')
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(stderr, /there is no password: give it on stdin, in one line/)
})
