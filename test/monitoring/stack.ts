/**
 * Prometheus and Alertmanager with the configuration that we ship, in a copy of deploy/monitoring where only ports, files and the
 * addresses of receivers are replaced. One web server stands for all receivers: it records what comes to which path.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startReceiver, type HttpReceiver } from '../../src/testing/http-receiver.ts'
import { eventually, freePort, startProcess, temporaryFolder } from '../../src/testing/peers.ts'

export const MONITORING = join(import.meta.dirname, '..', '..', 'deploy', 'monitoring')

/** One alert as Alertmanager hands it to a webhook. */
export interface ToldAlert {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export interface Told extends ToldAlert {
  readonly path: string
  /** ms since 1970. */
  readonly at: number
}

export interface Receivers {
  readonly server: HttpReceiver
  /** Alerts that came by webhook, in order. */
  readonly told: Told[]
}

export async function startReceivers(t: TestContext): Promise<Receivers> {
  const told: Told[] = []
  const server = await startReceiver(t, ({ path, text, headers }) => {
    if (headers['content-type'] !== 'application/json' || !path.startsWith('/webhook')) return { status: 200 }
    for (const alert of (JSON.parse(text) as { alerts?: ToldAlert[] }).alerts ?? [])
      told.push({ ...alert, path, at: Date.now() })
    return { status: 200 }
  })
  return { server, told }
}

/** A copy of deploy/monitoring with secrets; what the receivers of example.com are becomes paths of ours. */
export function monitoringFolder(t: TestContext): string {
  const folder = temporaryFolder(t)
  cpSync(MONITORING, folder, { recursive: true })
  const secrets = join(folder, 'secrets')
  mkdirSync(secrets, { recursive: true })
  for (const name of ['bifrost-token', 'smtp-password', 'pagerduty-key', 'webhook-token'])
    writeFileSync(join(secrets, name), `secret-of-${name}`)
  writeFileSync(join(secrets, 'slack-url'), 'http://127.0.0.1:1/slack')
  return folder
}

/** Rewrites one file of the folder; a replacement that finds nothing is a defect of the test. */
export function rewrite(file: string, replacements: readonly (readonly [from: string, to: string])[]): void {
  let text = readFileSync(file, 'utf8')
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
    text = text.replaceAll(from, to)
  }
  writeFileSync(file, text)
}

export interface Alertmanager {
  readonly url: string
  readonly port: number
}

export async function startAlertmanager(
  t: TestContext,
  folder: string,
  receivers: HttpReceiver,
  smtpPort = 1,
): Promise<Alertmanager> {
  const port = await freePort()
  const file = join(folder, 'alertmanager', 'alertmanager.yml')
  writeFileSync(join(folder, 'secrets', 'slack-url'), `${receivers.url}/slack`)
  rewrite(file, [
    ['/etc/bifrost-monitoring/secrets', join(folder, 'secrets')],
    ['https://alerts.example.com/bifrost', `${receivers.url}/webhook`],
    ['https://dead-man.example.com/bifrost', `${receivers.url}/webhook-dead-man`],
    ['mail.example.com:587', `127.0.0.1:${smtpPort}`],
    // Go sends a password without TLS to this machine alone.
    ['smtp_require_tls: true', `smtp_require_tls: false\n  pagerduty_url: ${receivers.url}/pagerduty`],
  ])
  const running = startProcess(t, 'prometheus-alertmanager', [
    `--config.file=${file}`,
    `--storage.path=${join(folder, 'alertmanager-data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ])
  const url = `http://127.0.0.1:${port}`
  await eventually(
    () => `Alertmanager answers; it printed ${running.output()}`,
    () => isReady(url),
  )
  return { url, port }
}

export interface Prometheus {
  readonly url: string
  query(expr: string): Promise<readonly { metric: Record<string, string>; value: [number, string] }[]>
  /** Rules that fail, each with its error. */
  unwell(): Promise<string[]>
}

export async function startShippedPrometheus(
  t: TestContext,
  folder: string,
  { gateway, token, alertmanager }: { gateway: string; token?: string; alertmanager: Alertmanager },
): Promise<Prometheus> {
  const port = await freePort()
  const file = join(folder, 'prometheus', 'prometheus.yml')
  if (token !== undefined) writeFileSync(join(folder, 'secrets', 'bifrost-token'), token)
  rewrite(file, [['127.0.0.1:9090', `127.0.0.1:${port}`]])
  const targets = join(folder, 'prometheus', 'targets')
  rewrite(join(targets, 'alertmanager.yml'), [['127.0.0.1:9093', `127.0.0.1:${alertmanager.port}`]])
  rewrite(join(targets, 'bifrost.yml'), [['127.0.0.1:8080', gateway]])
  const running = startProcess(t, 'prometheus', [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'prometheus-data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  const url = `http://127.0.0.1:${port}`
  await eventually(
    () => `Prometheus answers; it printed ${running.output()}`,
    () => isReady(url),
  )
  return {
    url,
    async query(expr) {
      const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`)
      const { data, error } = (await response.json()) as { data?: { result: never[] }; error?: string }
      if (data === undefined) throw new Error(`${expr}: ${error}`)
      return data.result
    },
    async unwell() {
      const response = await fetch(`${url}/api/v1/rules`)
      const { data } = (await response.json()) as {
        data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] }
      }
      return data.groups.flatMap(({ rules }) =>
        rules.filter(({ health }) => health === 'err').map(({ name, lastError }) => `${name}: ${lastError}`),
      )
    },
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/-/ready`).then(
    (response) => response.ok,
    () => false,
  )
