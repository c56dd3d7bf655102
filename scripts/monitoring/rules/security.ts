/** Security: what somebody has to see now, and what has to be looked into. */
import type { RuleFile } from '../rule.ts'

/** Last ten minutes; kept a while, so that one event is not over before anybody has read of it. */
const recent = (kind: string): string => `increase(bifrost_security_events_total{kind="${kind}"}[10m]) > 0`

export const securityRules: RuleFile = {
  name: 'security',
  about: 'Attacks and broken trust.',
  groups: [
    {
      name: 'bifrost-security',
      alerts: [
        {
          alert: 'BifrostLockOut',
          expr: recent('lock-out'),
          keepFiringFor: '15m',
          severity: 'critical',
          category: 'security',
          summary: 'Sign-ins at {instance} are paused after failed passwords',
          description:
            'In ten minutes {value:count} sign-ins at gateway {instance} failed so often that the account is paused. Somebody guesses passwords, or somebody has forgotten one: ask the user now.',
          dashboard: 'bifrost-security',
          page: {
            meaning:
              'After repeated failures an account takes no password for a while. The audit log has each attempt with user and address.',
            causes: ['a person who forgot a password', 'a program with an old password', 'an attack'],
            steps: [
              [
                'Whose account, and from where?',
                'bifrost audit list --from 1h',
                'one user from their usual address: call them; `bifrost user reset anna` gives a new password',
                'many users or a strange address: an attack. Go on with 2',
              ],
              [
                'Stop it',
                'bifrost user disable anna --reason "attack"',
                'close the address at the firewall; `http.listen` should not be reachable from there',
                'has one of the attempts succeeded? `bifrost audit list --from 24h --user anna`; if so `bifrost writes lock --reason "attack"` and `bifrost token list`',
              ],
            ],
            clears: 'A quarter of an hour after ten minutes without a further lock-out.',
          },
          firing: {
            series: { 'bifrost_security_events_total{kind="lock-out"}': '0x5 2x60' },
            step: '1m',
            fires: '8m',
            clears: '35m',
            labels: { kind: 'lock-out' },
            value: '2',
          },
          quiet: {
            why: 'lock-outs of yesterday, and other events',
            series: {
              'bifrost_security_events_total{kind="lock-out"}': '7x60',
              'bifrost_security_events_total{kind="permission-denied"}': '0+1x60',
            },
            step: '1m',
            at: ['8m', '30m'],
          },
        },
        {
          alert: 'BifrostCertificateRejected',
          expr: recent('certificate-rejected'),
          keepFiringFor: '15m',
          severity: 'critical',
          category: 'security',
          summary: '{instance} was shown a certificate that it does not trust',
          description:
            'In ten minutes {value:count} certificates that gateway {instance} does not trust were presented. A device whose certificate was changed, or somebody who pretends to be one: compare the thumbprint before you trust it.',
          dashboard: 'bifrost-security',
          page: {
            meaning:
              'An OPC UA server or client, or a client of the API, showed a certificate of nobody that we know. The connection was refused.',
            causes: [
              'a new device, or one whose certificate was renewed',
              'a client that was set up without trust',
              'a man in the middle',
            ],
            steps: [
              [
                'Which certificate waits for a decision?',
                'bifrost opcua certificates',
                'a device of ours: read the thumbprint at the device itself. Equal: `bifrost opcua trust <thumbprint>`',
                'not ours, or another thumbprint: `bifrost opcua reject <thumbprint>`, find who sent it, go on with 2',
              ],
              [
                'From where was it?',
                'bifrost audit list --from 1h',
                'the address leads to the machine; take it off the network until it is known',
              ],
            ],
            clears: 'A quarter of an hour after ten minutes without a further one.',
          },
          firing: {
            series: { 'bifrost_security_events_total{kind="certificate-rejected"}': '0x5 1x60' },
            step: '1m',
            fires: '8m',
            clears: '35m',
            labels: { kind: 'certificate-rejected' },
            value: '1',
          },
          quiet: {
            why: 'rejected before',
            series: { 'bifrost_security_events_total{kind="certificate-rejected"}': '3x60' },
            step: '1m',
            at: ['8m', '30m'],
          },
        },
        {
          alert: 'BifrostAuditBroken',
          expr: 'bifrost_audit_intact == 0',
          for: '30s',
          severity: 'critical',
          category: 'security',
          summary: 'The audit log of {instance} was changed',
          description:
            'The chain of the audit log of gateway {instance} does not check: lines were changed, removed or put in. Treat it as an intrusion until the opposite is known.',
          dashboard: 'bifrost-security',
          page: {
            meaning: 'Each line of the audit log is chained to the one before and signed. A link is broken.',
            causes: [
              'somebody edited the files',
              'a file that was restored or copied in parts',
              'a disk that is broken',
            ],
            steps: [
              [
                'Where is it broken?',
                'bifrost audit verify -c bifrost.yaml',
                'it names the file and the line; keep a copy of the folder before anything is changed',
                'compare with a copy elsewhere: `bifrost audit export -o now.csv` against the last export',
              ],
              [
                'Who was on the machine?',
                'last -n 20 && journalctl -u ssh --since -2d',
                'unknown sign-ins: take the machine off the network, change passwords, tokens and keys: `bifrost token list`, `bifrost secrets rotate -c bifrost.yaml`',
                'nobody, and the disk has errors: restore the audit folder from the backup',
              ],
            ],
            clears:
              'When the log verifies again: after the files were restored, or after it was closed and a new one begun.',
          },
          firing: {
            series: { bifrost_audit_intact: '1x20 0x20 1x20' },
            notYet: '5m15s',
            fires: '6m',
            clears: '11m',
            value: '0',
          },
          quiet: { why: 'it verifies', series: { bifrost_audit_intact: '1x40' }, at: ['5m', '9m'] },
        },
        {
          alert: 'BifrostAuditNotWritable',
          expr: 'bifrost_audit_writable == 0',
          for: '1m',
          severity: 'critical',
          category: 'security',
          summary: 'The audit log of {instance} takes nothing',
          description:
            'Gateway {instance} cannot write its audit log, so that all that needs a record is refused: writes to devices, changes of the configuration, sign-ins. Look at the disk.',
          dashboard: 'bifrost-security',
          page: {
            meaning: 'What is to be on record and cannot be is not done.',
            causes: [
              'the disk is full or read-only',
              'rights of the audit folder',
              'the key that signs cannot be read',
            ],
            steps: [
              [
                'What is the reason?',
                'bifrost health',
                'no room: make some; see BifrostDiskSpaceLow',
                'permission denied: the folder belongs to another user',
                'key: `bifrost secrets status -c bifrost.yaml`',
              ],
            ],
            clears: 'With the first line that can be written.',
          },
          firing: {
            series: { bifrost_audit_writable: '1x20 0x20 1x20' },
            notYet: '5m30s',
            fires: '6m30s',
            clears: '11m',
            value: '0',
          },
          quiet: { why: 'it can be written', series: { bifrost_audit_writable: '1x40' }, at: ['5m', '9m'] },
        },
        {
          alert: 'BifrostSignInsFail',
          expr: 'increase(bifrost_sign_ins_total{result="failed"}[15m]) > 10',
          keepFiringFor: '15m',
          severity: 'warning',
          category: 'security',
          summary: 'Many sign-ins at {instance} fail',
          description:
            'In a quarter of an hour {value:count} sign-ins at gateway {instance} failed. The audit log says whose and from where.',
          dashboard: 'bifrost-security',
          page: {
            meaning: 'More than ten wrong passwords in a quarter of an hour, over all users.',
            causes: ['a program with an old password', 'guessing that goes slowly enough for no lock-out'],
            steps: [
              [
                'Whose, and from where?',
                'bifrost audit list --from 1h',
                'a program: give it a token, `bifrost token create <name> --permission view`',
                'unknown: see BifrostLockOut',
              ],
            ],
            clears: 'A quarter of an hour after there were ten or fewer in fifteen minutes.',
          },
          firing: {
            series: { 'bifrost_sign_ins_total{result="failed"}': '0x5 2+2x10 22x60' },
            step: '1m',
            fires: '16m',
            clears: '55m',
            labels: { result: 'failed' },
            value: '22',
          },
          quiet: {
            why: 'five wrong passwords',
            series: { 'bifrost_sign_ins_total{result="failed"}': '0x5 1+1x4 5x60' },
            step: '1m',
            at: ['12m', '16m'],
          },
        },
        {
          alert: 'BifrostCredentialsRefused',
          expr: `sum without (kind) (increase(bifrost_security_events_total{kind=~"token-refused|permission-denied"}[15m])) > 30`,
          keepFiringFor: '15m',
          severity: 'warning',
          category: 'security',
          summary: '{instance} refuses many requests',
          description:
            'In a quarter of an hour gateway {instance} refused {value:count} requests: tokens of nobody, or things that the asker may not do. A program with a wrong token, or somebody who tries.',
          dashboard: 'bifrost-security',
          page: {
            meaning: 'Requests with a token that is not valid (401) or without the permission (403).',
            causes: [
              'a token that expired or was revoked',
              'a program that needs another permission',
              'somebody who tries what is open',
            ],
            steps: [
              [
                'Who asks, and for what?',
                'bifrost audit list --from 1h',
                'a program of ours: `bifrost token list`; a new token with the permission that it needs',
                'unknown: close its address at the firewall',
              ],
            ],
            clears: 'A quarter of an hour after there were 30 or fewer in fifteen minutes.',
          },
          firing: {
            series: {
              'bifrost_security_events_total{kind="token-refused"}': '0x5 4+4x10 44x60',
              'bifrost_security_events_total{kind="permission-denied"}': '0x75',
            },
            step: '1m',
            fires: '17m',
            clears: '55m',
            value: '44',
          },
          quiet: {
            why: 'a person who tries two buttons',
            series: { 'bifrost_security_events_total{kind="permission-denied"}': '0x5 2x70' },
            step: '1m',
            at: ['12m', '16m'],
          },
        },
      ],
    },
  ],
}
