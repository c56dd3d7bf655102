/** Room of the machine: memory, disk, file descriptors; predicted where it can be. */
import type { RuleFile } from '../rule.ts'

const MiB = (count: number): string => String(count * 1024 * 1024)

export const capacityRules: RuleFile = {
  name: 'capacity',
  about: 'Room of the machine: memory, disk, file descriptors; predicted where it can be.',
  groups: [
    {
      name: 'bifrost-capacity',
      alerts: [
        {
          alert: 'BifrostMemoryNearLimit',
          expr: 'process_resident_memory_bytes{job="bifrost"} / on (job, instance) group_left () bifrost_memory_limit_bytes > 0.9',
          for: '5m',
          severity: 'warning',
          category: 'capacity',
          summary: 'Gateway {instance} uses {value:percent} of its memory',
          description:
            'Gateway {instance} has taken {value:percent} of the memory that it may. At the limit the kernel kills it: raise the limit, or give it less to do.',
          dashboard: 'bifrost-overview',
          page: {
            meaning:
              'The limit is that of the control group (container, systemd `MemoryMax`), else the memory of the machine.',
            causes: [
              'more devices and tags than the limit was set for',
              'a slow disk: samples wait in memory',
              'a leak: BifrostMemoryGrows came before',
            ],
            steps: [
              [
                'Do samples wait for the disk?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/log`,
                'yes: see BifrostFsyncSlow',
                'no: go on with 2',
              ],
              [
                'What takes it?',
                'bifrost bundle -o support.tar.gz',
                'it grew with the configuration: raise `MemoryMax` or the limit of the container',
                'it grew by itself: report it with the bundle',
              ],
            ],
            clears: 'Below 90 %.',
          },
          firing: {
            series: {
              process_resident_memory_bytes: `${MiB(128)}x4 ${MiB(240)}x10 ${MiB(128)}x10`,
              bifrost_memory_limit_bytes: `${MiB(256)}x30`,
            },
            step: '1m',
            notYet: '9m',
            fires: '11m',
            clears: '16m',
            value: '93.75%',
          },
          quiet: {
            why: 'four fifths, steadily',
            series: { process_resident_memory_bytes: `${MiB(205)}x30`, bifrost_memory_limit_bytes: `${MiB(256)}x30` },
            step: '1m',
            at: ['11m', '30m'],
          },
        },
        {
          alert: 'BifrostMemoryGrows',
          expr: `predict_linear(process_resident_memory_bytes{job="bifrost"}[6h], 86400) > on (job, instance) group_left () bifrost_memory_limit_bytes
and on (job, instance) process_resident_memory_bytes{job="bifrost"} > on (job, instance) group_left () 0.5 * bifrost_memory_limit_bytes
and on (job, instance) process_resident_memory_bytes{job="bifrost"} offset 6h`,
          for: '1h',
          severity: 'warning',
          category: 'capacity',
          summary: 'The memory of {instance} grows, and is at its limit within a day',
          description:
            'At the rate of the last six hours gateway {instance} takes {value:bytes}B tomorrow, more than it may. A leak, or a load that grows: look before it is killed.',
          dashboard: 'bifrost-overview',
          page: {
            meaning:
              'Predicted from six hours, once more than half of the limit is used and the gateway has been watched that long.',
            causes: ['a leak: a defect of the gateway', 'tags or clients that get more and more'],
            steps: [
              ['Save what is needed to find it', 'bifrost bundle -o support.tar.gz', 'report it'],
              ['Until then', 'systemctl restart bifrost', 'in a maintenance window: nothing that was stored is lost'],
            ],
            clears: 'When it does not grow any more.',
          },
          firing: {
            series: {
              process_resident_memory_bytes: `${MiB(100)}+${MiB(0.25)}x600 ${MiB(100)}x600`,
              bifrost_memory_limit_bytes: `${MiB(256)}x1200`,
            },
            step: '1m',
            evaluate: '5m',
            notYet: '6h30m',
            fires: '9h',
            clears: '17h',
            value: '595Mi',
          },
          quiet: {
            why: 'it grows after the start and stays',
            series: {
              process_resident_memory_bytes: `${MiB(100)}+${MiB(1)}x60 ${MiB(160)}x900`,
              bifrost_memory_limit_bytes: `${MiB(256)}x1000`,
            },
            step: '1m',
            evaluate: '5m',
            at: ['3h', '7h30m', '15h'],
          },
        },
        {
          alert: 'BifrostDiskSpaceLow',
          expr: `bifrost_data_disk_free_bytes / bifrost_data_disk_size_bytes < 0.03
or
(bifrost_data_disk_free_bytes / bifrost_data_disk_size_bytes < 0.1 and predict_linear(bifrost_data_disk_free_bytes[30m], 4 * 3600) < 0)`,
          for: '10m',
          severity: 'critical',
          category: 'capacity',
          summary: 'Only {value:percent} of the disk of {instance} are free',
          description:
            'On the disk of the data folder of gateway {instance} {value:percent} are free. Without room samples cannot be stored and the audit log refuses writes. Make room now.',
          dashboard: 'bifrost-data',
          page: {
            meaning: 'Less than 3 % are free, or less than 10 % and at this rate nothing in four hours.',
            causes: [
              'other programs that write to the same disk',
              '`store.maxSize` is larger than the disk',
              'logs, core files, backups',
            ],
            steps: [
              [
                'What takes the room?',
                'du -xh --max-depth=2 /var | sort -h | tail -15',
                'others: delete or move them; `journalctl --vacuum-size=200M`',
                'the gateway: go on with 2',
              ],
              [
                'How large may the log be?',
                'bifrost config show --origin',
                '`store.maxSize` and `store.trends.maxSize` together have to be smaller than the disk: lower them, then `bifrost reload`',
              ],
            ],
            clears: 'When 3 % are free and it does not get less, or 10 %.',
          },
          firing: {
            series: { bifrost_data_disk_free_bytes: '50x4 2x20 50x10', bifrost_data_disk_size_bytes: '100x40' },
            step: '1m',
            notYet: '14m',
            fires: '16m',
            clears: '26m',
            value: '2%',
          },
          quiet: {
            why: 'a twentieth is free, and stays',
            series: { bifrost_data_disk_free_bytes: '5x60', bifrost_data_disk_size_bytes: '100x60' },
            step: '1m',
            at: ['16m', '1h'],
          },
        },
        {
          alert: 'BifrostDiskFillsUp',
          expr: `bifrost_data_disk_free_bytes / bifrost_data_disk_size_bytes < 0.3
and predict_linear(bifrost_data_disk_free_bytes[6h], 3 * 86400) < 0`,
          for: '1h',
          severity: 'warning',
          category: 'capacity',
          summary: 'The disk of {instance} is full within three days',
          description:
            'On the disk of the data folder of gateway {instance} {value:percent} are free, and at the rate of the last six hours nothing in three days.',
          dashboard: 'bifrost-data',
          page: {
            meaning:
              'Predicted from six hours. The log of the gateway has a bound and stops growing there; other files may not.',
            causes: ['the log on its way to its bound, which is larger than the disk', 'other programs'],
            steps: [
              [
                'Is the bound of the log within the disk?',
                'bifrost config show --origin',
                'no: lower `store.maxSize`, then `bifrost reload`',
                'yes: find what else grows: `du -xh --max-depth=2 /var | sort -h | tail -15`',
              ],
            ],
            clears: 'When it does not get less any more.',
          },
          firing: {
            series: { bifrost_data_disk_free_bytes: '290-0.1x600 290x600', bifrost_data_disk_size_bytes: '1000x1200' },
            step: '1m',
            evaluate: '5m',
            notYet: '50m',
            fires: '9h10m',
            clears: '17h',
            value: '23.5%',
          },
          quiet: {
            why: 'it gets less, and lasts for weeks',
            series: { bifrost_data_disk_free_bytes: '290-0.01x1200', bifrost_data_disk_size_bytes: '1000x1200' },
            step: '1m',
            evaluate: '5m',
            at: ['7h', '20h'],
          },
        },
        {
          alert: 'BifrostFileDescriptors',
          expr: 'process_open_fds{job="bifrost"} / process_max_fds{job="bifrost"} > 0.8',
          for: '10m',
          severity: 'warning',
          category: 'capacity',
          summary: 'Gateway {instance} has {value:percent} of its file descriptors open',
          description:
            'Each device, sink and client of gateway {instance} takes one; {value:percent} are in use. At the limit no connection can be made any more.',
          dashboard: 'bifrost-overview',
          page: {
            meaning: 'The limit is `LimitNOFILE` of the service.',
            causes: ['many devices', 'clients that open connections and leave them', 'a leak'],
            steps: [
              [
                'What are they?',
                "ls -l /proc/$(pidof -s node)/fd | awk '{print $NF}' | cut -d: -f1 | sort | uniq -c",
                'sockets, as many as devices and clients: raise `LimitNOFILE`',
                'more than that: `bifrost bundle -o support.tar.gz`, and report it',
              ],
            ],
            clears: 'Below 80 %.',
          },
          firing: {
            series: { process_open_fds: '100x4 900x20 100x10', process_max_fds: '1000x40' },
            step: '1m',
            notYet: '14m',
            fires: '16m',
            clears: '26m',
            value: '90%',
          },
          quiet: {
            why: 'half are open',
            series: { process_open_fds: '500x40', process_max_fds: '1000x40' },
            step: '1m',
            at: ['16m', '40m'],
          },
        },
        {
          alert: 'BifrostCapacityUsed',
          expr: 'bifrost_capacity_used_ratio > 0.9',
          for: '30m',
          severity: 'warning',
          category: 'capacity',
          summary: '{value:percent} of the {resource} of {instance} are used',
          description:
            'Gateway {instance} has used {value:percent} of what it has of {resource} for half an hour. Plan for more before the next devices come.',
          dashboard: 'bifrost-overview',
          page: {
            meaning: 'The highest use of a resource, as the autoscaler sees it.',
            causes: ['the plant grew'],
            steps: [
              [
                'What would fit?',
                'bifrost config plan bifrost.yaml',
                'requests and samples a second of this configuration; compare with what the machine has',
                'line: see BifrostLineSaturated',
                'memory: see BifrostMemoryNearLimit',
                'disk: see BifrostDiskFillsUp',
              ],
            ],
            clears: 'Below 90 %.',
          },
          firing: {
            series: { 'bifrost_capacity_used_ratio{resource="cpu"}': '0.5x4 0.95x40 0.5x10' },
            step: '1m',
            notYet: '34m',
            fires: '36m',
            clears: '46m',
            labels: { resource: 'cpu' },
            value: '95%',
          },
          quiet: {
            why: 'a busy quarter of an hour',
            series: { 'bifrost_capacity_used_ratio{resource="cpu"}': '0.5x4 1x15 0.5x40' },
            step: '1m',
            at: ['18m', '36m'],
          },
        },
      ],
    },
  ],
}
