/** Client certificates as users and roles. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { CertificateRule } from '../core/access.ts'
import { codeOf, OFFICE, openRig, PASSWORD } from '../testing/accounts-rig.ts'
import { createAuthority, createCertificate } from '../testing/certificates.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'

test('a certificate stands for a user or a role: by common name, alternative name or fingerprint', async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'plant-ca')
  const read = (file: string) => new X509Certificate(readFileSync(file))
  const certificate = read(createCertificate(folder, 'hmi', authority, 'hmi-3.plant').cert)
  const other = read(createCertificate(folder, 'other', authority, 'hmi-33.plant').cert)
  const clock = new VirtualClock(Date.now())
  const host = (await openRig(t, { clock })).host

  const findWith = async (...certificates: CertificateRule[]) => {
    const { accounts } = await openRig(t, { clock, withAnna: true, config: { certificates } })
    await accounts.users.add({ name: 'ben', password: PASSWORD, roles: ['operator'] }, host)
    return accounts
  }
  const seen = async (rule: CertificateRule) => {
    const principal = (await findWith(rule)).certificateOf(certificate)
    return principal && [principal.kind, principal.name, ...principal.roles]
  }
  assert.deepEqual(await seen({ subject: 'hmi-3.plant', user: 'ben' }), ['certificate', 'ben', 'operator'])
  assert.deepEqual(await seen({ san: 'DNS:hmi-3.plant', role: 'viewer' }), [
    'certificate',
    'certificate hmi-3.plant',
    'viewer',
  ])
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase()
  assert.deepEqual(await seen({ fingerprint, role: 'viewer' }), ['certificate', 'certificate hmi-3.plant', 'viewer'])
  assert.equal(await seen({ subject: 'hmi-3', user: 'ben' }), undefined)
  assert.equal(await seen({ san: 'DNS:plant', role: 'admin' }), undefined)
  assert.equal(await seen({ subject: 'hmi-3.plant', user: 'nobody' }), undefined)
  assert.equal(await seen({ subject: 'hmi-3.plant', role: 'pilot' }).then((found) => found?.at(-1)), 'pilot')

  const accounts = await findWith({ subject: 'hmi-3.plant', user: 'ben' })
  assert.equal(accounts.certificateOf(other), undefined)
  assert.equal(accounts.counters.certificatesRefused, 1)
  await accounts.users.setRoles('ben', ['viewer'], host)
  assert.deepEqual(accounts.certificateOf(certificate)!.roles, ['viewer'], 'the roles of now')
  await accounts.users.setEnabled('ben', false, host)
  assert.equal(accounts.certificateOf(certificate), undefined)
})

test('a token that somebody makes by a certificate is theirs, and ends with what they may; one of a role makes none', async (t) => {
  const folder = temporaryFolder(t)
  const { cert } = createCertificate(folder, 'hmi', createAuthority(folder, 'plant-ca'), 'hmi')
  const certificate = new X509Certificate(readFileSync(cert))
  const make = async (rule: CertificateRule) => {
    const clock = new VirtualClock(Date.now())
    const { accounts, host } = await openRig(t, { clock, withAnna: true, config: { certificates: [rule] } })
    await accounts.users.add({ name: 'ben', password: PASSWORD, roles: ['operator'] }, host)
    const by = { by: accounts.certificateOf(certificate)!, from: OFFICE }
    const grants = [{ permissions: ['view', 'write'] as const }]
    return { accounts, host, by, created: () => accounts.tokens.create({ name: 'ci', grants, expiresAt: null }, by) }
  }
  const { accounts, host, by, created } = await make({ subject: 'hmi', user: 'ben' })
  const { token, info } = await created()
  const may = async () => (await accounts.bearerOf(token, OFFICE))?.may('write') === true
  assert.ok(await may(), 'control')
  await accounts.users.setRoles('ben', ['viewer'], host)
  assert.equal(await may(), false)
  await accounts.users.setEnabled('ben', false, host)
  assert.equal(await accounts.bearerOf(token, OFFICE), undefined)
  await accounts.tokens.revoke(info.id, by)
  assert.equal(await codeOf((await make({ subject: 'hmi', role: 'operator' })).created), 'FORBIDDEN')
})

test('a connection that lives past the end of its certificate has nobody behind it', async (t) => {
  const folder = temporaryFolder(t)
  const certificate = new X509Certificate(
    readFileSync(createCertificate(folder, 'hmi', createAuthority(folder, 'plant-ca'), 'hmi').cert),
  )
  const clock = new VirtualClock(Date.now())
  const { accounts } = await openRig(t, { clock, config: { certificates: [{ subject: 'hmi', role: 'viewer' }] } })
  assert.ok(accounts.certificateOf(certificate))
  await clock.advance(3 * 86_400_000)
  assert.equal(accounts.certificateOf(certificate), undefined)
})

test('alternative names with commas and quotes are not taken for two', async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'plant-ca')
  const trick = ['subjectAltName=@names', '[names]', 'URI.1=http://a/b", DNS:admin.plant, URI:"http', 'DNS.1=harmless']
  const pair = createCertificate(folder, 'trick', authority, 'trick', 2, trick)
  const certificate = new X509Certificate(readFileSync(pair.cert))
  const clock = new VirtualClock(Date.now())
  const found = async (san: string) =>
    (await openRig(t, { clock, config: { certificates: [{ san, role: 'admin' }] } })).accounts.certificateOf(
      certificate,
    )
  assert.match(certificate.subjectAltName ?? '', /admin\.plant/, 'the trick is in it')
  assert.equal(await found('DNS:admin.plant'), undefined)
  assert.ok(await found('DNS:harmless'), 'control')
})
