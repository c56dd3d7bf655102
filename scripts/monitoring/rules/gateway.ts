/** Is the gateway there, and does it stay there? */
import type { RuleFile } from '../rule.ts'

export const gatewayRules: RuleFile = {
  name: 'gateway',
  evaluate: '5s',
  about: 'Is the gateway there, and does it stay there?',
  groups: [
    {
      name: 'bifrost-gateway-down',
      // With a scrape every 5 s: a kill is told in less than 30 s.
      interval: '5s',
      alerts: [
        {
          alert: 'BifrostGatewayDown',
          expr: 'up{job="bifrost"} == 0',
          for: '10s',
          severity: 'critical',
          category: 'gateway',
          summary: 'Gateway {instance} does not answer',
          description:
            'Prometheus has had no metrics of {instance} for more than 10 seconds: nothing is read from its devices, or nothing can reach it. Look whether the process runs on the host.',
          dashboard: 'bifrost-fleet',
          page: {
            meaning:
              'Prometheus cannot scrape the gateway. Either the gateway does not run, and then no device is read and no command is carried out; or it runs and the way from Prometheus to it is broken. Samples that were stored before are kept and are delivered after the start.',
            causes: [
              'the process was stopped, killed (out of memory) or does not come up (configuration, port, data folder)',
              'the host is off or has no network',
              'the scrape itself fails: the token of Prometheus was revoked, a certificate has expired, a firewall',
            ],
            steps: [
              [
                'Does the gateway answer on its own host?',
                'bifrost health --url http://127.0.0.1:8080',
                'exit 0: it runs; the scrape fails. Go on with 3',
                'exit 3: nothing answers. Go on with 2',
              ],
              [
                'Does the process run, and what did it say last?',
                'systemctl status bifrost && journalctl -u bifrost -n 50',
                'exit code 78: the configuration is not good: `bifrost check -c bifrost.yaml` lists each problem with its line',
                'killed by signal 9 (oom-kill): see BifrostMemoryNearLimit',
                'it is not enabled: `systemctl enable --now bifrost`',
              ],
              [
                'What does Prometheus say about the target?',
                `curl -s 'http://127.0.0.1:9090/api/v1/targets?state=active'`,
                '401 or 403 in lastError: the token is not valid any more: `bifrost token list`, then `bifrost token create prometheus --permission view`',
                'certificate in lastError: `bifrost certs status -c bifrost.yaml`',
                'sample limit exceeded: raise `sample_limit` of the job, or lower `http.metrics.maxDevices`',
                'deadline exceeded: the gateway or the network is too slow; see BifrostScrapeSlow',
              ],
            ],
            clears:
              'By itself with the first scrape that succeeds. Announce planned stops with `bifrost maintenance start --all --for 30m --reason "new network"`: this alert is then silent.',
          },
          firing: {
            series: { up: '1x5 0x10 1x10' },
            step: '5s',
            notYet: '30s',
            fires: '45s',
            clears: '85s',
            value: '0',
          },
          quiet: {
            why: 'one scrape that failed, and a restart within ten seconds',
            series: { up: '1x5 0 1x5 0 0 1x10' },
            step: '5s',
            at: ['30s', '35s', '65s', '70s', '75s'],
          },
        },
      ],
    },
  ],
}
