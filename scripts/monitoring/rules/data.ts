/** The log and the promise that no sample is lost unseen. */
import type { RuleFile } from '../rule.ts'

const PLANT = 'sink="plant",kind="mqtt"'
const SINK = { sink: 'plant', kind: 'mqtt' }
const LOG = `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/log`

export const dataRules: RuleFile = {
  name: 'data',
  about: 'Samples that are lost, or soon will be.',
  groups: [
    {
      name: 'bifrost-data-loss',
      alerts: [
        {
          alert: 'BifrostSamplesLost',
          // The account outlives restarts: what it grew by while Prometheus saw nothing, as with the start after a day without power
          // in which samples became too old, is no increase.
          expr: `increase(bifrost_sink_samples_dropped_total{reason="retention"}[5m]) > 0
or
bifrost_sink_samples_dropped_total{reason="retention"}
  - last_over_time(bifrost_sink_samples_dropped_total{reason="retention"}[7d] offset 5m) > 0`,
          keepFiringFor: '15m',
          severity: 'critical',
          category: 'data',
          summary: 'Sink {sink} of {instance} loses samples',
          description:
            'In five minutes {value:count} samples were deleted from the log of gateway {instance} before sink {sink} ({kind}) had them. It goes on until the sink takes them again or the log may be larger.',
          dashboard: 'bifrost-sinks',
          page: {
            meaning:
              'The log has reached its bound of bytes or age while the sink was away or too slow, and the oldest samples make room. The far side is told of the gap. What people purge, what a sink leaves out on purpose and dead letters do not count here.',
            causes: [
              'the far side has been away longer than the log holds',
              'the sink delivers more slowly than samples come',
              'the bound of the log was set too low, or lowered',
            ],
            steps: [
              [
                'Is the sink connected, and what is the reason?',
                'bifrost sink list plant',
                'not Running: bring the far side back; the reason says what it refuses',
                'Running, and pending grows: it is too slow; go on with 2',
              ],
              [
                'How long does the log hold?',
                LOG,
                'disk is free: raise `store.maxSize` in the configuration, then `bifrost reload`',
                'no disk is free: deadbands and longer intervals make fewer samples',
              ],
              [
                'What was lost can be taken from the trends, thinned out',
                'bifrost export --from 24h -o lost.csv',
                'hand the file to those who miss the samples',
              ],
            ],
            clears:
              'A quarter of an hour after the last sample was lost. What is lost stays lost: note the stretch of time.',
          },
          firing: {
            series: { [`bifrost_sink_samples_dropped_total{${PLANT},reason="retention"}`]: '0x20 40+40x20 840x120' },
            fires: '10m',
            clears: '32m',
            labels: { ...SINK, reason: 'retention' },
            value: '800',
          },
          quiet: {
            why: 'a purge on command, dead letters, what a sink leaves out on purpose, and the account after a restart',
            series: {
              [`bifrost_sink_samples_dropped_total{${PLANT},reason="purged"}`]: '0x20 900x40',
              [`bifrost_sink_samples_dropped_total{${PLANT},reason="rejected"}`]: '0x20 5x40',
              [`bifrost_sink_samples_dropped_total{${PLANT},reason="thinned"}`]: '0+10x60',
              [`bifrost_sink_samples_dropped_total{${PLANT},reason="retention"}`]: '_x10 840x50',
            },
            at: ['4m', '6m', '10m', '14m'],
          },
        },
        {
          alert: 'BifrostSamplesRefused',
          // Counted from the start on: what was refused before the first scrape is no increase.
          expr: `increase(bifrost_log_refused_samples_total[5m]) > 0
or
bifrost_log_refused_samples_total > 0 and on (job, instance) time() - bifrost_start_timestamp_seconds < 300`,
          keepFiringFor: '15m',
          severity: 'critical',
          category: 'data',
          summary: 'The log of {instance} refuses samples',
          description:
            'In five minutes {value:count} samples of gateway {instance} were not stored, because the disk fell behind or the log is full and keeps what it has. They reach no sink.',
          dashboard: 'bifrost-data',
          page: {
            meaning: 'Samples were read and could not be stored. One gap record says which stretch of time it was.',
            causes: [
              'a disk that is much too slow, or hangs',
              'the policy `drop-newest` or `block` with a full log',
              'a disk without room',
            ],
            steps: [
              [
                'What does the log say of itself?',
                LOG,
                'failed is not null: see BifrostLogFailed',
                'full: see BifrostLogFull',
                'neither: the disk; go on with 2',
              ],
              [
                'How busy is the disk?',
                'iostat -x 5 3',
                'near 100 %: who else writes to it? Give the gateway a disk of its own',
                'idle: look at the kernel log for errors: `dmesg | tail -50`',
              ],
            ],
            clears: 'A quarter of an hour after the last sample was refused.',
          },
          firing: {
            series: { bifrost_log_refused_samples_total: '0x20 40+40x20 840x120' },
            fires: '10m',
            clears: '32m',
            value: '800',
          },
          quiet: {
            why: 'refused before the last start',
            series: {
              bifrost_log_refused_samples_total: '840x20 0x40',
              bifrost_start_timestamp_seconds: '-3600x20 300x40',
            },
            at: ['5m', '6m', '14m'],
          },
        },
        {
          alert: 'BifrostLedgerUnbalanced',
          expr: 'bifrost_sink_ledger_unbalanced == 1',
          for: '1m',
          severity: 'critical',
          category: 'data',
          summary: 'The account of sink {sink} of {instance} does not add up',
          description:
            'For sink {sink} ({kind}) of gateway {instance} routed is not delivered + pending + dropped: samples went where nobody counted them. That is a defect of the gateway: save a support bundle before anything is restarted.',
          dashboard: 'bifrost-sinks',
          page: {
            meaning:
              'The account of a sink is checked at each scrape from one snapshot. It must always add up; when it does not, nobody can say that nothing was lost.',
            causes: ['a defect of the gateway', 'a data folder that was changed by hand, or restored in parts'],
            steps: [
              [
                'Save what is needed to find the defect',
                'bifrost bundle -o support.tar.gz',
                'look through it, and report it together with this alert',
              ],
              [
                'By how much is it off?',
                'bifrost sink list plant --json',
                'compare routed with delivered + pending + dropped',
                'deliver the doubtful stretch again: `bifrost sink replay plant --from 2h`; the far side recognises what it has by (log, seq)',
              ],
            ],
            clears: 'When the account adds up again; after a restart it is counted anew from what is stored.',
          },
          firing: {
            series: { [`bifrost_sink_ledger_unbalanced{${PLANT}}`]: '0x20 1x20 0x20' },
            notYet: '5m30s',
            fires: '6m30s',
            clears: '11m',
            labels: SINK,
            value: '1',
          },
          quiet: {
            why: 'it adds up, and one scrape that did not',
            series: { [`bifrost_sink_ledger_unbalanced{${PLANT}}`]: '0x20 1 0x20' },
            at: ['5m', '5m15s', '6m30s'],
          },
        },
        {
          alert: 'BifrostLogFailed',
          expr: 'bifrost_log_failed == 1',
          for: '30s',
          severity: 'critical',
          category: 'data',
          summary: 'The log of {instance} cannot be written',
          description:
            'Gateway {instance} cannot write its log: what is read now is lost with the next restart, and soon it is refused. Look at the disk of the data folder.',
          dashboard: 'bifrost-data',
          page: {
            meaning:
              'A write or an fsync of the log failed. The gateway tries again; samples wait in memory as long as there is room.',
            causes: [
              'the disk is full',
              'the file system was mounted read-only after an error',
              'the disk is broken',
              'rights of the data folder',
            ],
            steps: [
              ['What is the reason?', LOG, '`failed` has the error of the operating system'],
              [
                'Is there room, and is it writable?',
                'df -h /var/lib/bifrost && touch /var/lib/bifrost/.probe',
                'no room: delete what is not the gateway’s, or make the disk larger',
                'read-only file system: `dmesg | tail -50`; back up, then repair or replace the disk',
                'permission denied: the owner of the folder is the user of the service',
              ],
            ],
            clears: 'By itself with the first write that succeeds.',
          },
          firing: {
            series: { bifrost_log_failed: '0x20 1x20 0x20' },
            notYet: '5m15s',
            fires: '6m',
            clears: '11m',
            value: '1',
          },
          quiet: {
            why: 'one write that failed',
            series: { bifrost_log_failed: '0x20 1 0x20' },
            at: ['5m15s', '5m30s', '6m'],
          },
        },
      ],
    },
  ],
  recordingCases: [
    {
      why: 'samples that were lost while Prometheus saw nothing: too old after an hour without power, refused before the first scrape',
      series: {
        [`bifrost_sink_samples_dropped_total{${PLANT},reason="retention"}`]: '7x20 _x240 900x200',
        bifrost_log_refused_samples_total: '0x20 _x240 5x200',
        bifrost_start_timestamp_seconds: '0x20 _x240 3900x200',
      },
      expect: [
        {
          expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
          at: '1h6m',
          samples: { '{alertname="BifrostSamplesLost"}': 1, '{alertname="BifrostSamplesRefused"}': 1 },
        },
        { expr: 'ALERTS', at: '1h30m', samples: {} },
      ],
    },
  ],
}
