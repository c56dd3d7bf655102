/** What the gateway logs, counted by the logger itself: errors, patterns that should never appear, messages that were dropped. */
import type { RuleFile } from '../rule.ts'

export const messageRules: RuleFile = {
  name: 'messages',
  about: 'What the gateway logs, counted by the logger itself.',
  groups: [
    {
      name: 'bifrost-messages',
      alerts: [
        {
          alert: 'BifrostErrorsLogged',
          expr: 'sum without (component) (increase(bifrost_messages_total{level=~"error|fatal"}[15m])) > 20',
          keepFiringFor: '15m',
          severity: 'warning',
          category: 'gateway',
          summary: 'Gateway {instance} logs many errors',
          description:
            'In a quarter of an hour gateway {instance} logged {value:count} errors. The gateway logs changes of state, not each failure, so that this is a lot.',
          dashboard: 'bifrost-overview',
          page: {
            meaning: 'Counted by the logger itself, before repeats are summarised.',
            causes: ['see the messages'],
            steps: [
              [
                'Which?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" "$BIFROST_URL/api/v1/logs?level=error"`,
                'of one device or sink: see its alerts',
                'others: `bifrost bundle -o support.tar.gz`, and report it',
              ],
            ],
            clears: 'A quarter of an hour after there were 20 or fewer in fifteen minutes.',
          },
          firing: {
            series: { 'bifrost_messages_total{level="error",component="delivery"}': '0x5 5+5x10 55x60' },
            step: '1m',
            fires: '16m',
            clears: '55m',
            labels: { level: 'error' },
            value: '55',
          },
          quiet: {
            why: 'ten errors, and many warnings',
            series: {
              'bifrost_messages_total{level="error",component="delivery"}': '0x5 1+1x9 10x60',
              'bifrost_messages_total{level="warn",component="delivery"}': '0+20x80',
            },
            step: '1m',
            at: ['16m', '30m'],
          },
        },
        {
          alert: 'BifrostLogPattern',
          expr: 'increase(bifrost_message_patterns_total[15m]) > 0',
          keepFiringFor: '15m',
          severity: 'warning',
          category: 'gateway',
          summary: 'Gateway {instance} logs what {pattern} looks for',
          description:
            'In a quarter of an hour {value:count} messages of gateway {instance} matched the pattern {pattern}.',
          dashboard: 'bifrost-overview',
          page: {
            meaning:
              'The gateway counts messages that match a pattern (`log.patterns` of the configuration). Each is something that should not happen at all.',
            causes: ['see the messages'],
            steps: [
              [
                'Which messages?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" "$BIFROST_URL/api/v1/logs?level=warn"`,
                'they name device, sink or file and the next step',
              ],
            ],
            clears: 'Half an hour after the last message that matches.',
          },
          firing: {
            series: { 'bifrost_message_patterns_total{pattern="disk"}': '0x5 3x60' },
            step: '1m',
            fires: '10m',
            clears: '45m',
            labels: { pattern: 'disk' },
            value: '3',
          },
          quiet: {
            why: 'matched before',
            series: { 'bifrost_message_patterns_total{pattern="disk"}': '3x60' },
            step: '1m',
            at: ['10m', '45m'],
          },
        },
        {
          alert: 'BifrostMessagesDropped',
          expr: 'increase(bifrost_messages_dropped_total[15m]) > 0',
          keepFiringFor: '15m',
          severity: 'warning',
          category: 'gateway',
          summary: 'Gateway {instance} drops log messages',
          description:
            'In a quarter of an hour {value:count} log messages of gateway {instance} were dropped ({reason}): whoever takes its log is too slow or blocked. The gateway itself goes on.',
          dashboard: 'bifrost-overview',
          page: {
            meaning:
              'The log is written to a pipe or a file that does not take it. The gateway rather drops messages than waits.',
            causes: ['a shipper that hangs', 'a full disk', 'the level debug on a busy gateway'],
            steps: [
              [
                'Who takes the log?',
                'systemctl status rsyslog filebeat systemd-journald',
                'one that hangs: restart it',
              ],
              [
                'Is a level raised?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/logs/levels`,
                'debug: set it back; it does so by itself after its time',
              ],
            ],
            clears: 'Half an hour after the last message was dropped.',
          },
          firing: {
            series: { 'bifrost_messages_dropped_total{reason="blocked"}': '0x5 100x60' },
            step: '1m',
            fires: '10m',
            clears: '45m',
            labels: { reason: 'blocked' },
            value: '100',
          },
          quiet: {
            why: 'dropped before',
            series: { 'bifrost_messages_dropped_total{reason="blocked"}': '100x60' },
            step: '1m',
            at: ['10m', '45m'],
          },
        },
      ],
    },
  ],
}
