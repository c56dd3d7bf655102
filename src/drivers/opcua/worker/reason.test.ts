/** Each refusal of a server is a sentence with its cause and the next step. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError, NotConnectedError } from '../../../core/errors.ts'
import { options as schema } from '../options.ts'
import { explain, toConnectError } from './reason.ts'
import type { ClientSecurity } from './security.ts'

const endpoint = 'opc.tcp://plc:4840'
const security = { thumbprint: 'AB12', certificateFile: '/data/own.pem', applicationUri: 'urn:us' } as ClientSecurity
const said = (text: string, given: object = {}): string => {
  const error = toConnectError(new Error(text), schema.parse({ endpoint, ...given }), security)
  return `${error.code}: ${error.message.replace(`the server at ${endpoint} `, '')}`
}
const anna = { user: { name: 'anna', password: 'secret' } }

const SAID: readonly (readonly [library: string, said: string, options?: object])[] = [
  ['serviceResult = BadUserAccessDenied (0x801f0000)', 'ACCESS_REFUSED: refused user "anna" or the password. Check both at the server (BadUserAccessDenied)', anna],
  ['BadIdentityTokenRejected', 'ACCESS_REFUSED: refused user "anna" or the password. Check both at the server (BadIdentityTokenRejected)', anna],
  ['BadIdentityTokenRejected', 'ACCESS_REFUSED: refused the user certificate c.pem. Trust it at the server, among the user certificates (BadIdentityTokenRejected)', { user: { cert: 'c.pem', key: 'k.pem' } }],
  ['BadIdentityTokenInvalid', 'ACCESS_REFUSED: takes no anonymous users. Set `user` (BadIdentityTokenInvalid)'],
  ['BadSecurityChecksFailed', 'ACCESS_REFUSED: does not trust our certificate (thumbprint AB12, /data/own.pem). Trust it at the server; it is often among its rejected certificates (BadSecurityChecksFailed)'],
  ['BadCertificateUntrusted', 'ACCESS_REFUSED: does not trust our certificate (thumbprint AB12, /data/own.pem). Trust it at the server; it is often among its rejected certificates (BadCertificateUntrusted)'],
  ['BadCertificateUriInvalid', 'ACCESS_REFUSED: finds another application URI in our certificate than we say (urn:us). Renew it: `bifrost opcua renew` (BadCertificateUriInvalid)'],
  ['BadCertificateTimeInvalid', 'ACCESS_REFUSED: finds our certificate outside its validity: it has expired, or a clock is wrong: compare the time of the server with that of the gateway (BadCertificateTimeInvalid)'],
  ['BadTooManySessions', 'ACCESS_REFUSED: has no session left. Close other clients, or wait until the sessions they left behind have timed out (BadTooManySessions)'],
  ['BadSecurityPolicyRejected', 'ACCESS_REFUSED: does not take this security policy. Set `securityPolicy` to one that it offers (BadSecurityPolicyRejected)'],
  ['BadServerHalted', 'ACCESS_REFUSED: is halted. Start its application (BadServerHalted)'],
  ['BadInvalidTimestamp', 'ACCESS_REFUSED: a clock is wrong: compare the time of the server with that of the gateway (BadInvalidTimestamp)'],
  ['BadSomethingNew', 'ACCESS_REFUSED: refused the connection with BadSomethingNew'],
  ['connect ECONNREFUSED 127.0.0.1:4840', 'NOT_CONNECTED: plc:4840 refused the connection; nothing listens on this port'],
  ['getaddrinfo ENOTFOUND plc', 'NOT_CONNECTED: plc:4840 has a name that is not known'],
  ['getaddrinfo EAI_AGAIN plc', 'NOT_CONNECTED: plc:4840 has a name that could not be looked up; the name server does not answer'],
  ['connect EHOSTUNREACH 10.0.0.1:4840', 'NOT_CONNECTED: plc:4840 cannot be reached; no route, or the device is off'],
  ['The connection may have been rejected by server,\n Err = (ERROR in waiting for data)', 'NOT_CONNECTED: opc.tcp://plc:4840 cannot be connected: The connection may have been rejected by server, Err = (ERROR in waiting for data)'],
] // prettier-ignore

test('what the library and the server say, in words', () => {
  for (const [text, sentence, given] of SAID) assert.equal(said(text, given), sentence)
})

test('a sentence of ours stays; a word of the prototype is no status; no password is in any of them', () => {
  const ours = new GatewayError('ACCESS_REFUSED', 'nobody has trusted it')
  assert.equal(toConnectError(ours, schema.parse({ endpoint }), undefined), ours)
  assert.match(said('Badconstructor toString'), /^NOT_CONNECTED/)
  for (const [text] of SAID) assert.doesNotMatch(said(text, anna), /secret/)
  assert.match(toConnectError('BadCertificateUntrusted', schema.parse({ endpoint }), undefined).message, /our certificate\. Trust/) // prettier-ignore
})

test('an error without a reason is explained by whoever listens there, one with a reason is not asked about', async () => {
  const options = schema.parse({ endpoint })
  const vague = toConnectError(new Error('rejected'), options, security)
  const explained = await explain(vague, async () => 'does not speak OPC UA')
  assert.ok(explained instanceof NotConnectedError)
  assert.equal(explained.message, 'what listens at opc.tcp://plc:4840 does not speak OPC UA')
  assert.equal(await explain(vague, async () => undefined), vague)
  const clear = toConnectError(new Error('BadTooManySessions'), options, security)
  assert.equal(await explain(clear, () => assert.fail('asked')), clear)
})
