/** Who is told what, and what silences what: the configuration that we ship, in amtool and in a real Alertmanager. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { SMTPServer } from 'smtp-server'
import { alertRules } from '../../scripts/monitoring/rules/index.ts'
import { eventually, freePort, needs } from '../../src/testing/peers.ts'
import { MONITORING, monitoringFolder, startAlertmanager, startReceivers } from './stack.ts'

const run = promisify(execFile)
const FILE = join(MONITORING, 'alertmanager', 'alertmanager.yml')

test('amtool takes the configuration', { skip: needs('amtool') }, async () => {
  const { stdout } = await run('amtool', ['check-config', FILE])
  assert.match(stdout, /SUCCESS[\s\S]*6 receivers[\s\S]*1 templates/)
})

test('no secret stands in the configuration', () => {
  const text = readFileSync(FILE, 'utf8')
  assert.doesNotMatch(text, /(password|key|credentials|token|api_url|secret):/, 'secrets are named by files')
})

const routes: readonly (readonly [labels: readonly string[], receivers: string])[] = [
  [['alertname=BifrostWatchdog', 'severity=none', 'category=monitoring'], 'dead-man'],
  [['severity=critical', 'category=gateway', 'instance=a'], 'on-call'],
  [['severity=critical', 'category=security'], 'security,on-call'],
  [['severity=critical', 'category=device', 'area=site-1'], 'on-call'],
  [['severity=warning', 'category=security'], 'security,working-day'],
  [['severity=warning', 'category=device'], 'working-day'],
  [['severity=warning', 'category=device', 'area=site-1/line-2'], 'site-1'],
  [['severity=warning', 'category=device', 'area=site-1'], 'site-1'],
  [['severity=warning', 'category=device', 'area=site-10/line-1'], 'working-day'],
  [['severity=info', 'category=device', 'area=site-1/line-2'], 'record'],
  [['alertname=Other'], 'working-day'],
]
for (const [labels, receivers] of routes) {
  test(`${labels.join(' ')} goes to ${receivers}`, { skip: needs('amtool') }, async () => {
    await run('amtool', [
      'config',
      'routes',
      'test',
      `--config.file=${FILE}`,
      `--verify.receivers=${receivers}`,
      ...labels,
    ])
  })
}

test('a route that is not so is found (control)', { skip: needs('amtool') }, async () => {
  const args = ['config', 'routes', 'test', `--config.file=${FILE}`, '--verify.receivers=record', 'severity=critical']
  await assert.rejects(run('amtool', args))
})

/** An alert of the rules, with the labels that it would have. */
function alert(name: string, labels: Record<string, string> = {}) {
  const rule = alertRules.find((one) => one.alert === name)
  assert.ok(rule !== undefined, name)
  return {
    labels: {
      alertname: name,
      severity: rule.severity,
      category: rule.category,
      job: 'bifrost',
      instance: 'edge-1:8080',
      ...labels,
    },
  }
}

const press1 = { device: 'press-1', driver: 'modbus' }
const press2 = { device: 'press-2', driver: 'modbus' }
const plant = { sink: 'plant', kind: 'mqtt' }
type Posted = ReturnType<typeof alert>

/** What fires together, and what of it is still sent. */
const together: readonly (readonly [why: string, firing: readonly Posted[], sent: readonly Posted[]])[] = [
  [
    'a gateway that is down silences its devices, sinks and objectives, and not security, nor another gateway',
    [
      alert('BifrostGatewayDown'),
      alert('BifrostDeviceDisconnected', press1),
      alert('BifrostSinkDown', plant),
      alert('BifrostErrorBudgetBurn1h', { slo: 'availability' }),
      alert('BifrostLockOut'),
      alert('BifrostSinkDown', { ...plant, instance: 'edge-2:8080' }),
    ],
    [
      alert('BifrostGatewayDown'),
      alert('BifrostLockOut'),
      alert('BifrostSinkDown', { ...plant, instance: 'edge-2:8080' }),
    ],
  ],
  [
    'a maintenance window of a device silences what is about the device alone',
    [
      alert('BifrostDeviceInMaintenance', { device: 'press-1' }),
      alert('BifrostDeviceDisconnected', { ...press1, area: 'site-1' }),
      alert('BifrostDeviceInMaintenance', { device: 'press-3' }),
      alert('BifrostDeviceSlow', { device: 'press-3', driver: 'modbus' }),
      alert('BifrostDeviceDisconnected', press2),
      alert('BifrostSinkDown', plant),
    ],
    [
      alert('BifrostDeviceInMaintenance', { device: 'press-1' }),
      alert('BifrostDeviceInMaintenance', { device: 'press-3' }),
      alert('BifrostDeviceDisconnected', press2),
      alert('BifrostSinkDown', plant),
    ],
  ],
  [
    'a maintenance window of the whole gateway silences all of it, and nothing of another',
    [
      alert('BifrostGatewayInMaintenance'),
      alert('BifrostGatewayDown'),
      alert('BifrostDeviceDisconnected', press1),
      alert('BifrostSamplesLost', { ...plant, reason: 'retention' }),
      alert('BifrostGatewayDown', { instance: 'edge-2:8080' }),
    ],
    [alert('BifrostGatewayInMaintenance'), alert('BifrostGatewayDown', { instance: 'edge-2:8080' })],
  ],
  [
    'an outage of the fleet is one alert, and hides nothing of the log or another gateway',
    [
      alert('BifrostDeviceFleetOutage'),
      alert('BifrostDeviceDisconnected', press1),
      alert('BifrostDeviceDownLong', press2),
      alert('BifrostTagsBad', { quality: 'bad' }),
      alert('BifrostLogFillsUp'),
      alert('BifrostEdgeGatewayAway', { client: 'edge-3' }),
    ],
    [
      alert('BifrostDeviceFleetOutage'),
      alert('BifrostLogFillsUp'),
      alert('BifrostEdgeGatewayAway', { client: 'edge-3' }),
    ],
  ],
  [
    'a device that is away is not slow as well',
    [
      alert('BifrostDeviceDownLong', press1),
      alert('BifrostDeviceDisconnected', press1),
      alert('BifrostDeviceDisconnected', press2),
      alert('BifrostDeviceSlow', press2),
      alert('BifrostDeviceSlow', { device: 'press-3', driver: 'modbus' }),
    ],
    [
      alert('BifrostDeviceDownLong', press1),
      alert('BifrostDeviceDisconnected', press2),
      alert('BifrostDeviceSlow', { device: 'press-3', driver: 'modbus' }),
    ],
  ],
  [
    'what is critical silences the warning of the same thing',
    [
      alert('BifrostLogFull'),
      alert('BifrostLogNearlyFull'),
      alert('BifrostLogFillsUp'),
      alert('BifrostDiskSpaceLow'),
      alert('BifrostDiskFillsUp'),
      alert('BifrostMemoryNearLimit'),
      alert('BifrostMemoryGrows'),
      alert('BifrostCertificateExpired', { use: 'http', name: 'a' }),
      alert('BifrostCertificateExpiresSoon', { use: 'http', name: 'a' }),
      alert('BifrostCertificateExpiresSoon', { use: 'http', name: 'b' }),
    ],
    [
      alert('BifrostLogFull'),
      alert('BifrostDiskSpaceLow'),
      alert('BifrostMemoryNearLimit'),
      alert('BifrostCertificateExpired', { use: 'http', name: 'a' }),
      alert('BifrostCertificateExpiresSoon', { use: 'http', name: 'b' }),
    ],
  ],
  [
    'a sink that is down is not old as well, and a fast burn is told once',
    [
      alert('BifrostSinkDown', plant),
      alert('BifrostSinkQueueOld', plant),
      alert('BifrostSinkQueueOld', { sink: 'cloud', kind: 'kafka' }),
      alert('BifrostErrorBudgetBurn1h', { slo: 'api_errors' }),
      alert('BifrostErrorBudgetBurn6h', { slo: 'api_errors' }),
      alert('BifrostErrorBudgetBurn3d', { slo: 'api_errors' }),
      alert('BifrostErrorBudgetBurn3d', { slo: 'freshness' }),
      alert('BifrostApiErrorRatio'),
      alert('BifrostApiSlow'),
    ],
    [
      alert('BifrostSinkDown', plant),
      alert('BifrostSinkQueueOld', { sink: 'cloud', kind: 'kafka' }),
      alert('BifrostErrorBudgetBurn1h', { slo: 'api_errors' }),
      alert('BifrostErrorBudgetBurn3d', { slo: 'freshness' }),
      alert('BifrostApiSlow'),
    ],
  ],
]

const text = ({ labels }: { labels: object }): string => JSON.stringify(Object.entries(labels).toSorted())

test(
  'what follows from something else is silenced, in a real Alertmanager',
  { skip: needs('prometheus-alertmanager') },
  async (t) => {
    const receivers = await startReceivers(t)
    for (const [why, firing, sent] of together) {
      const alertmanager = await startAlertmanager(t, monitoringFolder(t), receivers.server)
      const posted = await fetch(`${alertmanager.url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(firing),
      })
      assert.equal(posted.status, 200, await posted.text())
      const active = async (): Promise<string[]> => {
        const response = await fetch(`${alertmanager.url}/api/v2/alerts?inhibited=false`)
        return ((await response.json()) as { labels: object; status: { state: string } }[])
          .filter(({ status }) => status.state === 'active')
          .map(text)
          .toSorted()
      }
      const wanted = sent.map(text).toSorted()
      let last: string[] = []
      await eventually(
        () => `${why}: sent is\n${last.join('\n')}\nand should be\n${wanted.join('\n')}`,
        async () => JSON.stringify((last = await active())) === JSON.stringify(wanted),
      )
    }
  },
)

test(
  'a mail, a page and a chat message say what, where and what to do',
  { skip: needs('prometheus-alertmanager') },
  async (t) => {
    const mails: string[] = []
    const port = await freePort()
    const smtp = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ username = '', password }, _session, done) =>
        password === 'secret-of-smtp-password' ? done(null, { user: username }) : done(new Error('wrong password')),
      onData(stream, _session, done) {
        let mail = ''
        stream.on('data', (chunk: Buffer) => (mail += chunk.toString()))
        stream.on('end', () => {
          mails.push(mail)
          done()
        })
      },
    })
    await new Promise<void>((resolve) => smtp.listen(port, '127.0.0.1', resolve))
    t.after(() => new Promise<void>((resolve) => smtp.close(resolve)))

    const receivers = await startReceivers(t)
    const alertmanager = await startAlertmanager(t, monitoringFolder(t), receivers.server, port)
    const annotations = {
      summary: 'Sign-ins at edge-1:8080 are paused',
      description: 'Ask the user now.',
      runbook_url: 'https://docs.plant/BifrostLockOut.md',
      dashboard_url: 'https://grafana.plant/d/bifrost-security',
    }
    await fetch(`${alertmanager.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ ...alert('BifrostLockOut'), annotations }]),
    })
    const sentTo = (path: string) => receivers.server.requests.find((request) => request.path === path)?.text
    await eventually(
      'PagerDuty, Slack and the webhook are told',
      () => ['/pagerduty', '/slack', '/webhook'].every((path) => sentTo(path) !== undefined),
      30_000,
    )
    const page = JSON.parse(sentTo('/pagerduty')!) as { routing_key: string; payload: { summary: string } }
    assert.equal(page.routing_key, 'secret-of-pagerduty-key')
    assert.equal(page.payload.summary, '[CRITICAL] Sign-ins at edge-1:8080 are paused')
    assert.match(sentTo('/slack')!, /Ask the user now.*What to do/)

    await eventually('the mail is there', () => mails.length > 0, 60_000)
    assert.match(mails[0]!, /^Subject: \[CRITICAL\] Sign-ins at edge-1:8080 are paused/m)
    assert.match(mails[0]!, /^To: security@example\.com/m)
    assert.match(mails[0]!.replaceAll(/=\r?\n/g, ''), /What to do: https:\/\/docs\.plant\/BifrostLockOut\.md/)
  },
)
