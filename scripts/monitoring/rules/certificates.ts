/** Certificates and settings that need a hand before they hurt. */
import type { RuleFile } from '../rule.ts'

const HTTP = 'use="http",name="gateway.crt"'
const LABELS = { use: 'http', name: 'gateway.crt' }

/** `0x…` is the begin of the case: an expiry is so many seconds after it. */
export const certificateRules: RuleFile = {
  name: 'certificates',
  about: 'Certificates and settings that need a hand before they hurt.',
  groups: [
    {
      name: 'bifrost-certificates',
      alerts: [
        {
          alert: 'BifrostCertificateExpired',
          expr: 'bifrost_certificate_not_after_timestamp_seconds{use!~"opcua-trusted|.*-ca"} - time() < 0',
          for: '5m',
          severity: 'critical',
          category: 'security',
          summary: 'The certificate {name} of {instance} has expired',
          description:
            'The certificate {name} ({use}) of gateway {instance} is not valid any more: the other side refuses the connection, or soon will. Renew it now.',
          dashboard: 'bifrost-security',
          page: {
            meaning:
              'A certificate that the gateway shows is past its end. Connections that stand go on; new ones are refused.',
            causes: [
              'nobody acted on BifrostCertificateExpiresSoon',
              'the clock of the machine is wrong: see BifrostClockNotSynchronised',
            ],
            steps: [
              [
                'Which, and who issued it?',
                'bifrost certs status -c bifrost.yaml',
                'our own authority: `bifrost certs renew gateway.crt`; the gateway takes it up by itself',
                'OPC UA: `bifrost opcua own`, then `bifrost opcua renew`; the servers have to trust the new one',
                'another authority: `bifrost opcua csr` or its own way',
              ],
            ],
            clears: 'When the gateway has read the new certificate.',
          },
          firing: {
            series: { [`bifrost_certificate_not_after_timestamp_seconds{${HTTP}}`]: '600x30 90000000x10' },
            step: '1m',
            notYet: '12m',
            fires: '20m',
            clears: '35m',
            labels: LABELS,
            value: '-600',
          },
          quiet: {
            why: 'one that is valid, and an expired one that is only trusted',
            series: {
              [`bifrost_certificate_not_after_timestamp_seconds{${HTTP}}`]: '90000000x40',
              'bifrost_certificate_not_after_timestamp_seconds{use="opcua-trusted",name="old"}': '1x40',
            },
            step: '1m',
            at: ['10m', '30m'],
          },
        },
        {
          alert: 'BifrostCertificateExpiresSoon',
          expr: 'bifrost_certificate_not_after_timestamp_seconds - time() < 21 * 86400 > 0',
          for: '1h',
          severity: 'warning',
          category: 'security',
          summary: 'The certificate {name} of {instance} expires in {value:duration}',
          description:
            'The certificate {name} ({use}) of gateway {instance} expires in {value:duration}. Renew it within the working hours of this week.',
          dashboard: 'bifrost-security',
          page: {
            meaning:
              'Three weeks are left. Certificates that are only trusted count too: the other side has to renew those.',
            causes: ['the time has come', 'a renewal that should happen by itself and does not'],
            steps: [
              [
                'Which, and who issued it?',
                'bifrost certs status -c bifrost.yaml',
                'our own authority: `bifrost certs renew gateway.crt`',
                'OPC UA, our own: `bifrost opcua renew`, while the old one is still valid',
                'trusted (opcua-trusted, -ca): ask the other side for the new one, and trust it beside the old one',
              ],
            ],
            clears: 'When a newer certificate is in use.',
          },
          firing: {
            series: { [`bifrost_certificate_not_after_timestamp_seconds{${HTTP}}`]: '871200x120 90000000x10' },
            step: '1m',
            notYet: '50m',
            fires: '2h',
            clears: '2h5m',
            labels: LABELS,
            value: '10d 0h 0m 0s',
          },
          quiet: {
            why: 'a month is left',
            series: { [`bifrost_certificate_not_after_timestamp_seconds{${HTTP}}`]: '2600000x120' },
            step: '1m',
            at: ['1h10m', '2h'],
          },
        },
        {
          alert: 'BifrostCertificateReloadFailed',
          expr: 'bifrost_certificate_reload_failed == 1',
          for: '5m',
          severity: 'warning',
          category: 'security',
          summary: 'The new certificate of {instance} is of no use',
          description:
            'The certificate files ({use}) of gateway {instance} have changed and cannot be used, so that the old ones stay. They end when they expire: correct the files.',
          dashboard: 'bifrost-security',
          page: {
            meaning: 'Key and certificate do not belong together, or a file is incomplete or cannot be read.',
            causes: ['only one of the two files was replaced', 'rights of the key', 'the chain is missing'],
            steps: [
              [
                'What is wrong with the files?',
                'bifrost certs status -c bifrost.yaml',
                'they do not match: copy both, certificate and key',
                'permission denied: the key has to be readable for the user of the service',
              ],
            ],
            clears: 'When the files can be used; the gateway looks by itself.',
          },
          firing: {
            series: { 'bifrost_certificate_reload_failed{use="http"}': '0x4 1x10 0x10' },
            step: '1m',
            notYet: '9m',
            fires: '11m',
            clears: '16m',
            labels: { use: 'http' },
            value: '1',
          },
          quiet: {
            why: 'the second file came a minute later',
            series: { 'bifrost_certificate_reload_failed{use="http"}': '0x4 1 0x20' },
            step: '1m',
            at: ['5m', '10m'],
          },
        },
      ],
    },
    {
      name: 'bifrost-settings',
      alerts: [
        {
          alert: 'BifrostConfigReloadFailed',
          expr: 'bifrost_config_last_reload_successful == 0',
          for: '5m',
          severity: 'warning',
          category: 'gateway',
          summary: 'The configuration files of {instance} are not good',
          description:
            'Gateway {instance} could not take up its configuration files and goes on with what ran before. With the next start it would not come up: correct the files.',
          dashboard: 'bifrost-overview',
          page: {
            meaning: 'The files on the disk are not what runs. Nothing has stopped; a restart would fail.',
            causes: [
              'a mistake in the files',
              'a tag list or a secret that is not there',
              'a file that was copied in parts',
            ],
            steps: [
              [
                'What is wrong?',
                'bifrost check -c bifrost.yaml',
                'each problem has file, line and column: correct it; the gateway takes it up by itself, or `bifrost reload`',
                'no problem: `bifrost reload` says why it was refused',
              ],
              [
                'Nobody knows what was changed',
                'bifrost config history',
                '`bifrost config rollback <version>` brings a version back',
              ],
            ],
            clears: 'With the first reload that succeeds.',
          },
          firing: {
            series: { bifrost_config_last_reload_successful: '1x4 0x10 1x10' },
            step: '1m',
            notYet: '9m',
            fires: '11m',
            clears: '16m',
            value: '0',
          },
          quiet: {
            why: 'somebody edits, and is done within five minutes',
            series: { bifrost_config_last_reload_successful: '1x4 0x3 1x10' },
            step: '1m',
            at: ['7m', '10m'],
          },
        },
        {
          alert: 'BifrostWritesLocked',
          expr: 'bifrost_writes_locked == 1',
          for: '8h',
          severity: 'info',
          category: 'gateway',
          summary: 'All writes of {instance} have been locked for a shift',
          description:
            'Nobody can write to a device of gateway {instance} for eight hours now. Was the lock forgotten?',
          dashboard: 'bifrost-overview',
          page: {
            meaning: 'Somebody locked all writes, as before works on a machine.',
            causes: ['works that go on', 'a lock that was forgotten'],
            steps: [
              [
                'Who locked, and why?',
                'bifrost writes status',
                'the works are done: `bifrost writes unlock --reason done`',
                'they go on: nothing',
              ],
            ],
            clears: 'When writes are unlocked.',
          },
          firing: {
            series: { bifrost_writes_locked: '0x4 1x600 0x10' },
            step: '1m',
            notYet: '8h',
            fires: '8h10m',
            clears: '10h8m',
            value: '1',
          },
          quiet: {
            why: 'locked for two hours',
            series: { bifrost_writes_locked: '0x4 1x120 0x600' },
            step: '1m',
            at: ['2h', '9h'],
          },
        },
      ],
    },
  ],
}
