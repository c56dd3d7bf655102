/** Which endpoint of a server is used, and in words why none of them is (OPC 10000-4, 5.5.4; policies: OPC 10000-7, 6.6). */
import type { EndpointDescription } from 'node-opcua-client'
import { GatewayError } from '../../../core/errors.ts'
import { SECURITY_POLICIES, type OpcuaOptions, type SecurityPolicyName } from '../options.ts'

export type SecurityModeName = 'None' | 'Sign' | 'SignAndEncrypt'

/** An endpoint as we need it and as people see it. */
export interface OfferedEndpoint {
  /** As the server gives it: behind an address translation it may be one that nobody can reach. */
  readonly url: string
  readonly policy: string
  readonly mode: SecurityModeName | 'Invalid'
  readonly tokens: readonly TokenName[]
  readonly certificate: Buffer | undefined
  readonly level: number
  readonly applicationUri: string
  readonly applicationName: string
  readonly productUri: string
}

export type TokenName = 'anonymous' | 'user and password' | 'certificate' | 'issued token'

/** MessageSecurityMode and UserTokenType by their numbers. */
const MODES = ['Invalid', 'None', 'Sign', 'SignAndEncrypt'] as const
const TOKENS = ['anonymous', 'user and password', 'certificate', 'issued token'] as const
const BINARY = 'http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary'

export function offered(descriptions: readonly EndpointDescription[]): OfferedEndpoint[] {
  return descriptions
    .filter(({ transportProfileUri }) => (transportProfileUri ?? BINARY) === BINARY || transportProfileUri === '')
    .slice(0, 100)
    .map((one) => ({
      url: one.endpointUrl ?? '',
      policy: (one.securityPolicyUri ?? '').replace(/^.*#/, ''),
      mode: MODES[one.securityMode] ?? 'Invalid',
      tokens: (one.userIdentityTokens ?? []).flatMap(({ tokenType }): TokenName[] =>
        tokenType in TOKENS ? [TOKENS[tokenType as 0]] : [],
      ),
      certificate: one.serverCertificate?.length > 0 ? one.serverCertificate : undefined,
      level: one.securityLevel,
      applicationUri: one.server?.applicationUri ?? '',
      applicationName: one.server?.applicationName?.text ?? '',
      productUri: one.server?.productUri ?? '',
    }))
}

const rank = (policy: string): number => SECURITY_POLICIES.indexOf(policy as SecurityPolicyName)

/** What the options ask for among what is offered. Throws ACCESS_REFUSED with what there is, and the next step. */
export function chooseEndpoint(all: readonly OfferedEndpoint[], options: OpcuaOptions): OfferedEndpoint {
  const { securityPolicy, securityMode } = options
  const wanted = securityMode ?? (securityPolicy === 'None' ? 'None' : 'SignAndEncrypt')
  const policies = all.filter(({ policy }) =>
    securityPolicy === 'best' ? rank(policy) > rank('None') || wanted === 'None' : policy === securityPolicy,
  )
  const fitting = policies.filter(({ mode }) => mode === wanted).toSorted((a, b) => rank(b.policy) - rank(a.policy))
  if (fitting.length === 0) throw noEndpoint(all, options, wanted)
  const token = tokenOf(options)
  const chosen = fitting.find(({ tokens }) => tokens.includes(token))
  if (chosen !== undefined) return chosen
  const tokens = [...new Set(fitting.flatMap((one) => one.tokens))].join(' or ')
  throw refusal(
    options,
    `takes no user by ${token} there, but by ${tokens === '' ? 'nothing that we know' : tokens}. Set \`user\` accordingly`,
  )
}

export const tokenOf = ({ user }: OpcuaOptions): TokenName =>
  user === undefined ? 'anonymous' : user.cert === undefined ? 'user and password' : 'certificate'

function noEndpoint(all: readonly OfferedEndpoint[], options: OpcuaOptions, mode: string): GatewayError {
  const offers = [...new Set(all.map((one) => `${one.policy}/${one.mode}`))].join(', ')
  const wanted =
    options.securityPolicy === 'best' ? `encrypted endpoint (${mode})` : `${options.securityPolicy}/${mode}`
  const plain = all.some(({ mode: given }) => given === 'None')
  const next =
    options.securityPolicy === 'best' && plain && all.every(({ mode: given }) => given === 'None')
      ? 'It offers no security at all; set `securityPolicy: None` if you mean to go without'
      : 'Set `securityPolicy` and `securityMode` to what it offers, or switch the wanted one on in the server'
  return refusal(options, `offers no ${wanted}; it offers ${offers === '' ? 'nothing' : offers}. ${next}`)
}

const refusal = ({ endpoint }: OpcuaOptions, what: string): GatewayError =>
  new GatewayError('ACCESS_REFUSED', `the server at ${endpoint} ${what}`, { details: { endpoint } })
