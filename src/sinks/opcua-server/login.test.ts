/** Users and passwords: what a line of the file means, hashes of others, and how guessing is slowed down. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { LoginGate } from './worker/login-gate.ts'
import { hashPassword, isPasswordHash, verifyPassword } from '../../core/password.ts'
import { parseUsers } from './worker/users.ts'

// Python's hashlib.scrypt(b'password', salt=b'NaCl', n=1024, r=8, p=1, dklen=32)
const SCRYPT = '$scrypt$ln=10,r=8,p=1$TmFDbA$J7QYxnTHadElAfux9TusMt9lFMDyjQQ4crFIs0iWGnk'

test('a password fits its hash and no other', async () => {
  const hash = await hashPassword('correct horse')
  assert.match(hash, /^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.equal(await verifyPassword(hash, 'correct horse'), true)
  assert.equal(await verifyPassword(hash, 'correct horsf'), false)
  assert.equal(await verifyPassword(undefined, 'correct horse'), false)
  assert.notEqual(hash, await hashPassword('correct horse'))
})

test('hashes that others made', async () => {
  assert.equal(await verifyPassword(SCRYPT, 'password'), true)
  assert.equal(await verifyPassword(SCRYPT, 'Password'), false)
})

test('a hash that would stop the server, or is none, is refused', () => {
  for (const text of [
    '$scrypt$ln=30,r=8,p=1$TmFDbA$AAAAAAAAAAAAAAAAAAAAAAAA',
    '$2b$12$abc',
    'secret',
    '$scrypt$ln=15,r=8,p=1$TmFDbA$AAAA',
  ])
    // prettier-ignore
    assert.equal(isPasswordHash(text), false, text)
})

test('lines of the file: users, certificates, and what is wrong with the others', () => {
  const faults: string[] = []
  const text = `# comment\r\n\nada:operator:${SCRYPT}\neve:admin:${SCRYPT}\nbob:viewer:plain\ncarol:viewer:certificate:aa:bb ${'0c'.repeat(18)}\n`
  const { passwords, certificates } = parseUsers(text, (fault) => faults.push(fault))
  assert.deepEqual([...passwords.values()], [{ name: 'ada', role: 'operator', hash: SCRYPT }])
  assert.deepEqual([...certificates], [[`AABB${'0C'.repeat(18)}`, { name: 'carol', role: 'viewer' }]])
  assert.deepEqual(faults, [
    'line 4: expected name:role:… with role viewer or operator',
    'line 5: neither a password hash ($scrypt$… or $argon2id$…) nor certificate: and a SHA-1 thumbprint',
  ])
  // What every object has is no role.
  parseUsers(`eve:toString:${SCRYPT}`, (fault) => faults.push(fault))
  assert.equal(faults.length, 3)
})

test('wrong passwords are answered later and later, a right one at once', async () => {
  const clock = new VirtualClock()
  const gate = new LoginGate(clock)
  const attempt = async (address: string, user: string, isRight: boolean) => {
    const began = clock.monotonic()
    const waits: number[] = []
    const outcome = gate.pass(address, user, async () => {
      waits.push(clock.monotonic() - began)
      return isRight ? user : undefined
    })
    for (let ms = 0; waits.length === 0 && ms < 40_000; ms += 250) {
      await new Promise((resolve) => setImmediate(resolve))
      if (waits.length === 0) await clock.advance(250)
    }
    assert.equal(await outcome, isRight ? user : undefined)
    return waits[0]
  }
  const waits: (number | undefined)[] = []
  for (let at = 0; at < 10; at++) waits.push(await attempt('10.0.0.9', 'ada', false))
  assert.deepEqual(waits, [0, 0, 0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000])
  assert.equal(await attempt('10.0.0.7', 'bob', true), 0)
  // The same address waits with another user too, and the same user elsewhere.
  assert.ok((await attempt('10.0.0.9', 'bob', true))! > 0)
  await attempt('10.0.0.9', 'ada', false)
  assert.ok((await attempt('10.0.0.7', 'ada', false))! > 0)
  await clock.advance(15 * 60_000)
  assert.equal(await attempt('10.0.0.9', 'ada', true), 0)
})

test('more than a few attempts at once of one address are refused unchecked', async () => {
  const gate = new LoginGate(new VirtualClock())
  let checked = 0
  const hang = () => gate.pass('10.0.0.9', 'ada', () => new Promise<undefined>(() => void checked++))
  for (let at = 0; at < 5; at++) void hang()
  assert.equal(await hang(), undefined)
  assert.equal(checked, 5)
  assert.equal(await gate.pass('10.0.0.7', 'bob', async () => 'bob'), 'bob')
})

test('a flood of attempts is no flood in the log', async () => {
  const clock = new VirtualClock()
  const gate = new LoginGate(clock)
  const told = (): number => Array.from({ length: 1000 }, () => gate.mayTell()).filter(Boolean).length
  assert.equal(told(), 20)
  await clock.advance(60_000)
  assert.equal(told(), 20)
})
