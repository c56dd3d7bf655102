/** Which of the offered endpoints is taken, and what is said when none is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointDescription } from 'node-opcua-client'
import { GatewayError } from '../../../core/errors.ts'
import { options as schema } from '../options.ts'
import { chooseEndpoint, offered, type OfferedEndpoint } from './endpoints.ts'

const endpoint = 'opc.tcp://plc:4840'
const optionsOf = (given: object) => schema.parse({ endpoint, ...given })

function offer(text: string, tokens: OfferedEndpoint['tokens'] = ['anonymous']): OfferedEndpoint {
  const [policy, mode = 'None'] = text.split('/') as [string, OfferedEndpoint['mode']?]
  return { url: 'opc.tcp://inside:4840', policy, mode, tokens, certificate: Buffer.of(1), level: 0, applicationUri: 'urn:s', applicationName: 'S', productUri: '' } // prettier-ignore
}

const ALL = ['None', ...['Basic128Rsa15', 'Basic256', 'Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'].flatMap((one) => [`${one}/Sign`, `${one}/SignAndEncrypt`])].map((text) => offer(text)) // prettier-ignore
const chosen = (given: object, all = ALL): string => {
  const { policy, mode } = chooseEndpoint(all, optionsOf(given))
  return `${policy}/${mode}`
}
const refusal = (given: object, all: readonly OfferedEndpoint[]): string => {
  try {
    chooseEndpoint(all, optionsOf(given))
  } catch (error) {
    assert.ok(error instanceof GatewayError)
    assert.equal(error.code, 'ACCESS_REFUSED')
    return error.message.replace(`the server at ${endpoint} `, '')
  }
  return 'none'
}

test('the strongest that is encrypted, unless something else is asked for', () => {
  assert.equal(chosen({}), 'Aes256_Sha256_RsaPss/SignAndEncrypt')
  assert.equal(chosen({}, ALL.toReversed()), 'Aes256_Sha256_RsaPss/SignAndEncrypt')
  assert.equal(chosen({ securityMode: 'Sign' }), 'Aes256_Sha256_RsaPss/Sign')
  assert.equal(chosen({ securityPolicy: 'Basic256Sha256' }), 'Basic256Sha256/SignAndEncrypt')
  assert.equal(chosen({ securityPolicy: 'None' }), 'None/None')
  // Who means to go without encryption has to say so.
  assert.throws(() => optionsOf({ securityMode: 'None' }), /securityPolicy: None/)
})

test('best never falls back to None, nor to a policy that is broken', () => {
  assert.equal(
    refusal({}, [offer('None')]),
    'offers no encrypted endpoint (SignAndEncrypt); it offers None/None. It offers no security at all; set `securityPolicy: None` if you mean to go without',
  )
  assert.match(refusal({}, [offer('None'), offer('Basic256/SignAndEncrypt')]), /^offers no encrypted endpoint .*it offers None\/None, Basic256\/SignAndEncrypt\. Set `securityPolicy`/) // prettier-ignore
})

test('what is not offered is said, with what there is', () => {
  assert.equal(
    refusal({ securityPolicy: 'Aes256_Sha256_RsaPss' }, [offer('Basic256Sha256/Sign'), offer('Basic256Sha256/Sign')]),
    'offers no Aes256_Sha256_RsaPss/SignAndEncrypt; it offers Basic256Sha256/Sign. Set `securityPolicy` and `securityMode` to what it offers, or switch the wanted one on in the server',
  )
  assert.match(refusal({}, []), /it offers nothing\./)
})

test('of those that are strong enough the first that takes our kind of user', () => {
  const all = [offer('Aes256_Sha256_RsaPss/SignAndEncrypt', ['certificate']), offer('Basic256Sha256/SignAndEncrypt', ['user and password'])] // prettier-ignore
  assert.equal(chosen({ user: { name: 'anna', password: 'x' } }, all), 'Basic256Sha256/SignAndEncrypt')
  assert.equal(chosen({ user: { cert: 'c.pem', key: 'k.pem' } }, all), 'Aes256_Sha256_RsaPss/SignAndEncrypt')
  assert.equal(refusal({}, all), 'takes no user by anonymous there, but by certificate or user and password. Set `user` accordingly') // prettier-ignore
})

test('what a server describes oddly is bounded and survived', () => {
  const odd = [
    { securityMode: 9, userIdentityTokens: null, server: null, endpointUrl: null, securityPolicyUri: null },
    { transportProfileUri: 'http://opcfoundation.org/UA-Profile/Transport/https-uabinary', securityMode: 1 },
    { securityMode: 3, securityPolicyUri: 'http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256', userIdentityTokens: [{ tokenType: 7 }, { tokenType: 1 }], serverCertificate: Buffer.alloc(0), transportProfileUri: '' },
  ] as unknown as EndpointDescription[] // prettier-ignore
  const [first, second, ...more] = offered(odd)
  assert.deepEqual([first!.mode, first!.policy, first!.tokens, first!.certificate], ['Invalid', '', [], undefined])
  assert.deepEqual([second!.mode, second!.policy, second!.tokens], ['SignAndEncrypt', 'Basic256Sha256', ['user and password']]) // prettier-ignore
  assert.deepEqual(more, [])
  assert.equal(offered(Array.from({ length: 5000 }, () => odd[0]!)).length, 100)
})
