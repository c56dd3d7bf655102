/** Who watches the watchmen: that something is scraped, that rules are evaluated, that messages arrive. */
import type { RuleFile } from '../rule.ts'

const PROMETHEUS = 'job="prometheus",instance="127.0.0.1:9090"'
const ALERTMANAGER = 'job="alertmanager",instance="127.0.0.1:9093"'

export const monitoringRules: RuleFile = {
  name: 'monitoring',
  about: 'Alerting itself: that something is scraped, that rules are evaluated, that messages arrive.',
  groups: [
    {
      name: 'bifrost-monitoring',
      alerts: [
        {
          alert: 'BifrostWatchdog',
          expr: 'count(up{job="bifrost"}) > 0',
          for: '0s',
          severity: 'none',
          category: 'monitoring',
          summary: 'Alerting works: {value:count} gateways are watched',
          description:
            'This alert always fires. Whoever receives it has to raise the alarm when it stops coming: then Prometheus, Alertmanager or the way from there is broken.',
          dashboard: 'bifrost-fleet',
          page: {
            meaning: 'A beat from end to end. It is sent every five minutes to the receiver `dead-man`.',
            causes: ['it fires: all is well', 'it does not: no target, or the monitoring is down'],
            steps: [
              [
                'It stopped. Does Prometheus run, and does it have targets?',
                'promtool query instant http://127.0.0.1:9090 up',
                'no answer: `systemctl status prometheus`',
                'no series with job="bifrost": `prometheus/targets`',
                'all there: go on with 2',
              ],
              [
                'Does Alertmanager have it?',
                'amtool alert query alertname=BifrostWatchdog --alertmanager.url http://127.0.0.1:9093',
                'no: the address in prometheus/targets/alertmanager.yml',
                'yes: the receiver; see BifrostMessagesNotSent',
              ],
            ],
            clears: 'Never, and that is its sense.',
          },
          firing: {
            series: { up: '1x10 stale _x10' },
            step: '1m',
            fires: '5m',
            clears: '15m',
            isGlobal: true,
            value: '1',
          },
          quiet: {
            why: 'nothing is watched',
            series: { 'up{job="node",instance="edge-1:9100"}': '1x10' },
            step: '1m',
            at: ['5m'],
          },
        },
        {
          alert: 'BifrostNoGateways',
          expr: 'absent(up{job="bifrost"})',
          for: '5m',
          severity: 'critical',
          category: 'monitoring',
          summary: 'No gateway is watched',
          description:
            'Prometheus has no target with job="bifrost": nobody would be told of anything. The file of targets is empty, or cannot be read.',
          dashboard: 'bifrost-fleet',
          page: {
            meaning: 'An empty list of targets looks like peace. It is not.',
            causes: [
              'the file of targets was emptied or moved',
              'the job was renamed: the rules ask for job="bifrost"',
            ],
            steps: [
              [
                'What does Prometheus read?',
                'promtool check config prometheus/prometheus.yml',
                'a file that is not found: put it back',
                'all well: `prometheus/targets/bifrost.yml`: does it name the gateways?',
              ],
            ],
            clears: 'When there is a target.',
          },
          firing: {
            series: { up: '1x4 stale _x20 1x10' },
            step: '1m',
            notYet: '9m',
            fires: '15m',
            clears: '27m',
            labels: { job: 'bifrost' },
            isGlobal: true,
            value: '1',
          },
          quiet: { why: 'a gateway that is down is a target still', series: { up: '0x20' }, step: '1m', at: ['15m'] },
        },
        {
          alert: 'BifrostScrapeSlow',
          expr: 'scrape_duration_seconds{job="bifrost"} > 2',
          for: '5m',
          severity: 'warning',
          category: 'monitoring',
          summary: 'The metrics of {instance} take {value:duration}',
          description: 'A scrape of gateway {instance} takes {value:duration}; at 4 seconds it counts as down.',
          dashboard: 'bifrost-fleet',
          page: {
            meaning: 'Measured by Prometheus. What the gateway itself needs is bifrost_scrape_duration_seconds.',
            causes: ['a gateway without processor time', 'a slow network between', 'very many devices'],
            steps: [
              [
                'Who needs the time?',
                'promtool query instant http://127.0.0.1:9090 bifrost_scrape_duration_seconds',
                'the gateway: see BifrostEventLoopBusy; lower `http.metrics.maxDevices`, or scrape every 10 s',
                'the way: a Prometheus nearer to it, which a central one reads from',
              ],
            ],
            clears: 'Below two seconds.',
          },
          firing: {
            series: { scrape_duration_seconds: '0.1x4 3x10 0.1x10' },
            step: '1m',
            notYet: '9m',
            fires: '11m',
            clears: '16m',
            value: '3s',
          },
          quiet: { why: 'one second', series: { scrape_duration_seconds: '1x30' }, step: '1m', at: ['11m', '30m'] },
        },
        {
          alert: 'BifrostMetricsCapped',
          expr: 'bifrost_metrics_series_dropped > 0',
          for: '15m',
          severity: 'warning',
          category: 'monitoring',
          summary: 'Gateway {instance} has more devices than its metrics show',
          description:
            'Gateway {instance} leaves out {value:count} series: devices beyond the cap are summed up and have no alerts of their own. Raise the cap, if Prometheus bears it.',
          dashboard: 'bifrost-fleet',
          page: {
            meaning: 'The cap keeps a mistake (100,000 device names) from filling Prometheus.',
            causes: ['more devices than the cap'],
            steps: [
              [
                'What is the cap?',
                'bifrost config show --origin',
                '`http.metrics.maxDevices`: raise it, then `bifrost reload`; count about 60 series a device',
              ],
            ],
            clears: 'When all devices have series of their own.',
          },
          firing: {
            series: { bifrost_metrics_series_dropped: '0x4 250x30 0x10' },
            step: '1m',
            notYet: '19m',
            fires: '21m',
            clears: '36m',
            value: '250',
          },
          quiet: { why: 'all are shown', series: { bifrost_metrics_series_dropped: '0x40' }, step: '1m', at: ['21m'] },
        },
        {
          alert: 'BifrostRulesFail',
          expr: 'increase(prometheus_rule_evaluation_failures_total[15m]) > 0',
          for: '5m',
          severity: 'warning',
          category: 'monitoring',
          summary: 'Prometheus cannot evaluate rules',
          description:
            'Rules of the group {rule_group} failed {value:count} times in a quarter of an hour: their alerts do not come.',
          dashboard: 'bifrost-fleet',
          page: {
            meaning: 'A rule that fails says nothing, and looks like peace.',
            causes: ['two gateways with the same instance', 'a rule of your own', 'Prometheus is overloaded'],
            steps: [
              [
                'Which rule, and why?',
                `curl -s 'http://127.0.0.1:9090/api/v1/rules' | jq '.data.groups[].rules[] | select(.health=="err")'`,
                '`lastError` says it',
              ],
            ],
            clears: 'A quarter of an hour after the last failure.',
          },
          firing: {
            series: {
              [`prometheus_rule_evaluation_failures_total{${PROMETHEUS},rule_group="rules/api.yml"}`]: '0+1x20 20x40',
            },
            step: '1m',
            notYet: '3m',
            fires: '20m',
            clears: '40m',
            labels: { job: 'prometheus', instance: '127.0.0.1:9090', rule_group: 'rules/api.yml' },
            isGlobal: true,
            value: '15',
          },
          quiet: {
            why: 'failures of before',
            series: {
              [`prometheus_rule_evaluation_failures_total{${PROMETHEUS},rule_group="rules/api.yml"}`]: '20x40',
            },
            step: '1m',
            at: ['20m'],
          },
        },
        {
          alert: 'BifrostMessagesNotSent',
          expr: 'sum without (reason) (increase(alertmanager_notifications_failed_total[15m])) > 0',
          for: '5m',
          severity: 'warning',
          category: 'monitoring',
          summary: 'Alertmanager cannot send to {integration}',
          description:
            'In a quarter of an hour {value:count} messages to {integration} failed. If it is the one that wakes you, you sleep.',
          dashboard: 'bifrost-fleet',
          page: {
            meaning: 'The receiver did not take the message. Alertmanager tries again.',
            causes: [
              'a secret that is no longer valid',
              'no way out: proxy, firewall',
              'the address of the receiver changed',
            ],
            steps: [
              [
                'What does Alertmanager say?',
                'journalctl -u prometheus-alertmanager -n 50',
                '401 or 403: a new secret into its file',
                'timeout: the way out',
              ],
              [
                'Is the configuration what you think?',
                'amtool check-config alertmanager/alertmanager.yml',
                'see deploy/monitoring/README.md',
              ],
            ],
            clears: 'A quarter of an hour after the last failure.',
          },
          firing: {
            series: {
              [`alertmanager_notifications_failed_total{${ALERTMANAGER},integration="slack"}`]: '0+1x20 20x40',
            },
            step: '1m',
            notYet: '3m',
            fires: '20m',
            clears: '40m',
            labels: { job: 'alertmanager', instance: '127.0.0.1:9093', integration: 'slack' },
            isGlobal: true,
            value: '15',
          },
          quiet: {
            why: 'failures of before',
            series: { [`alertmanager_notifications_failed_total{${ALERTMANAGER},integration="slack"}`]: '20x40' },
            step: '1m',
            at: ['20m'],
          },
        },
        {
          alert: 'BifrostLocalMessagesFail',
          expr: 'sum without (result) (increase(bifrost_local_alert_notifications_total{result=~"failed|dropped"}[15m])) > 0',
          for: '5m',
          severity: 'warning',
          category: 'monitoring',
          summary: 'Gateway {instance} cannot send its local alerts to {receiver}',
          description:
            'In a quarter of an hour {value:count} messages of the local alerts of gateway {instance} to {receiver} failed.',
          dashboard: 'bifrost-overview',
          page: {
            meaning:
              'The gateway evaluates a few conditions by itself, for where no Prometheus is. Its own messages do not arrive.',
            causes: ['the address or the secret of the receiver', 'no way out of the plant'],
            steps: [
              [
                'What is the reason?',
                'bifrost alerts list',
                'refused: the secret; correct it, then `bifrost reload`',
                'not reachable: the way',
                'does it work now? `bifrost alerts test mail`',
              ],
            ],
            clears: 'A quarter of an hour after the last failure.',
          },
          firing: {
            series: { 'bifrost_local_alert_notifications_total{receiver="mail",result="failed"}': '0+1x20 20x40' },
            step: '1m',
            notYet: '3m',
            fires: '20m',
            clears: '40m',
            labels: { receiver: 'mail' },
            value: '15',
          },
          quiet: {
            why: 'all are sent',
            series: { 'bifrost_local_alert_notifications_total{receiver="mail",result="sent"}': '0+1x40' },
            step: '1m',
            at: ['20m'],
          },
        },
      ],
    },
  ],
}
