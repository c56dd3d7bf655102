/** The settings of the faulty server as node-opcua's options. */
import { MessageSecurityMode, SecurityPolicy } from 'node-opcua-client'
import { Subscription, type OPCUAServerOptions } from 'node-opcua-server'
import { readFileSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import type { ChildSettings } from './child.ts'
import type { Faults } from './faults.ts'
import { FaultyServer } from './server.ts'

const ALL = ['None', ...['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'].flatMap((policy) => [`${policy}/Sign`, `${policy}/SignAndEncrypt`])] // prettier-ignore

export async function startServer(settings: ChildSettings, faults: Faults): Promise<FaultyServer> {
  const server = new FaultyServer(toOptions(settings), faults)
  await server.initialize()
  await trust(server.serverCertificateManager, settings.trusted)
  await trust(server.userCertificateManager, settings.userCertificates ?? [])
  Subscription.minimumPublishingInterval = settings.minPublishingMs ?? 50
  Subscription.maxNotificationPerPublishHighLimit = settings.maxNotificationsPerPublish ?? 1000
  server.on('create_session', ({ publishEngine }) => {
    publishEngine.maxPublishRequestInQueue = settings.maxPublishRequests ?? 100
  })
  await server.start()
  return server
}

function toOptions(settings: ChildSettings): OPCUAServerOptions {
  const offered = (settings.policies ?? ALL).map((name) => name.split('/'))
  const policies = [...new Set(offered.map(([policy]) => SecurityPolicy[policy as keyof typeof SecurityPolicy]))]
  const modes = [...new Set(offered.map(([, mode]) => MessageSecurityMode[(mode ?? 'None') as 'None']))]
  const { users = {}, limits = {}, maxSessions, endpointHost } = settings
  const lower = (name: string) => name[0]!.toLowerCase() + name.slice(1)
  return {
    port: settings.port,
    host: settings.host ?? '127.0.0.1',
    hostname: endpointHost ?? settings.host ?? '127.0.0.1',
    serverInfo: { applicationUri: settings.applicationUri, productUri: 'urn:bifrost:test:faulty-product' },
    certificateFile: settings.certificate,
    privateKeyFile: settings.key,
    securityPolicies: policies,
    securityModes: modes,
    allowAnonymous: settings.anonymous ?? true,
    userManager: { isValidUser: (name: string, password: string) => users[name] === password && name in users },
    allowAnonymousSubscriptionTransferOnUnsecuredChannel: true,
    ...(maxSessions === undefined ? {} : { maxAllowedSessionNumber: maxSessions }),
    serverCapabilities: {
      maxMonitoredItems: settings.maxMonitoredItems ?? 100_000,
      maxMonitoredItemsPerSubscription: settings.maxMonitoredItems ?? 100_000,
      maxSubscriptionsPerSession: settings.maxSubscriptionsPerSession ?? 10,
      minSupportedSampleRate: 10,
      maxBrowseContinuationPoints: settings.maxBrowseContinuationPoints ?? 0,
      ...(maxSessions === undefined ? {} : { maxSessions }),
      operationLimits: Object.fromEntries(Object.entries(limits).map(([name, most]) => [lower(name), most])),
    },
  }
}

/** Trusts those in the files and nobody else; without a list it trusts everybody. */
async function trust(store: object, paths: readonly string[] | undefined): Promise<void> {
  const manager = store as FaultyServer['userCertificateManager']
  manager.automaticallyAcceptUnknownCertificate = paths === undefined
  for (const path of paths ?? []) await manager.trustCertificate(toDer(path))
}

const toDer = (path: string): Buffer => new X509Certificate(readFileSync(path)).raw
