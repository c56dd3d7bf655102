/** Devices that are away: one for the record, many at once for somebody to get up. */
import { deviceInfo, withArea, type RuleFile } from '../rule.ts'

const PRESS = '{device="press-1",driver="modbus"}'
const LABELS = { device: 'press-1', driver: 'modbus', area: 'site-1/line-2' }

/** Not there though it should be: a device that is disabled, or read with some bad tags, is up no more than that, and not away. */
const AWAY = 'bifrost_device_away == 1'

/** Devices that a window was announced for: a hall in which there are works is no outage, and hides none in the others. */
const PLANNED = 'bifrost_device_away and on (job, instance, device) bifrost_maintenance_active'
const NONE = '0 * sum without (state) (bifrost_devices)'

export const deviceRules: RuleFile = {
  name: 'devices',
  about: 'Devices that are away, many or one.',
  groups: [
    {
      name: 'bifrost-devices',
      alerts: [
        {
          alert: 'BifrostDeviceFleetOutage',
          expr: `(sum without (state) (bifrost_devices{state=~"Connecting|Failed"})
  - (sum without (device, driver) (${PLANNED}) or ${NONE}))
  / (sum without (state) (bifrost_devices{state!="Disabled"})
  - (count without (device, driver) (${PLANNED}) or ${NONE}) > 2)
  >= 0.5`,
          for: '2m',
          severity: 'critical',
          category: 'device',
          summary: '{value:percent} of the devices of {instance} are away',
          description:
            '{value:percent} of the devices of gateway {instance} have not been reached for two minutes. That many at once are hardly broken: look at the network between them and the gateway first.',
          dashboard: 'bifrost-devices',
          page: {
            meaning:
              'At least half of the devices of one gateway (three or more) cannot be reached. Their tags are bad, nothing of them is recorded, and writes to them fail.',
            causes: [
              'a switch, a firewall rule, a cable or a VLAN between the gateway and the field',
              'the network interface or the address of the gateway itself changed',
              'a power cut in the plant, or a shutdown that nobody announced: open a maintenance window next time',
              'a new configuration with a wrong host or port in a template',
            ],
            steps: [
              [
                'Which devices are away, and do they have something in common (line, network, driver)?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/devices`,
                'all of one network: go on with 2',
                'all of one template or since the last change: go on with 3',
              ],
              [
                'How far does the way to one of them go?',
                'bifrost test -c bifrost.yaml press-1',
                'DNS or TCP fails: the network; ask those who run it, with the address and the stage that failed',
                'TCP works and the session fails: the devices or their protocol; `bifrost trace press-1 --errors` shows what they answer',
              ],
              [
                'Was the configuration changed just before?',
                'bifrost config history',
                'yes: `bifrost config rollback <version>` brings the one before back',
                'no: call the plant; is the power on?',
              ],
            ],
            clears:
              'When less than half of the devices are away. The samples of the outage are not there, except of devices with a history of their own, which is read afterwards.',
          },
          firing: {
            series: {
              'bifrost_devices{state="Running"}': '4x4 1x12 4x20',
              'bifrost_devices{state="Connecting"}': '0x4 2x12 0x20',
              'bifrost_devices{state="Failed"}': '0x4 1x12 0x20',
              'bifrost_devices{state="Disabled"}': '6x40',
            },
            notYet: '3m',
            fires: '3m30s',
            clears: '5m',
            value: '75%',
          },
          quiet: {
            why: 'one device of three is away, and one of two',
            series: {
              'bifrost_devices{state="Running"}': '2x20 1x20',
              'bifrost_devices{state="Failed"}': '1x40',
            },
            at: ['4m', '9m'],
          },
        },
        {
          alert: 'BifrostDeviceDisconnected',
          expr: withArea(AWAY),
          for: '2m',
          severity: 'info',
          category: 'device',
          summary: 'Device {device} of {instance} is away{at}',
          description:
            'Gateway {instance} has not reached device {device} ({driver}) for two minutes; its tags are bad. The gateway keeps trying. `bifrost test` shows how far the way goes.',
          dashboard: 'bifrost-devices',
          page: {
            meaning:
              'The gateway cannot talk to one device, and tries again with growing pauses. Its tags keep their last value with a bad status. Other devices are not slowed.',
            causes: [
              'the device is switched off, restarts or is being programmed',
              'its address changed, or somebody took its only connection (many controllers allow one)',
              'the cable, the serial adapter, the unit id',
            ],
            steps: [
              [
                'How far does the way to the device go?',
                'bifrost test -c bifrost.yaml press-1',
                'DNS or TCP fails: is it switched on, is the address right?',
                'connection refused or closed at once: another program holds the connection; let it use the proxy of the gateway',
                'the session fails: go on with 2',
              ],
              [
                'What does it answer?',
                'bifrost trace press-1 --errors --for 30s',
                'nothing at all: unit id, baud rate or wiring',
                'exceptions: the addresses are not those of this device; `bifrost explain press-1/level` tells of one tag',
              ],
            ],
            clears:
              'With the first good answer. A device that is away on purpose is set `enabled: false`, or gets `bifrost maintenance start --device press-1 --for 2h --reason "new pump"`.',
          },
          firing: {
            series: {
              [`bifrost_device_away${PRESS}`]: '0x4 1x16 0x20',
              ...deviceInfo('press-1', 'site-1/line-2'),
            },
            notYet: '3m',
            fires: '4m30s',
            clears: '6m',
            labels: LABELS,
            value: '1',
          },
          quiet: {
            why: 'a device that is disabled, one that is read with some bad tags, and one that was away for a minute and a half',
            series: {
              [`bifrost_device_up${PRESS}`]: '0x40',
              'bifrost_device_up{device="press-2",driver="modbus"}': '0x40',
              'bifrost_device_away{device="press-2",driver="modbus"}': '0x40',
              'bifrost_device_away{device="press-3",driver="modbus"}': '0x4 1x6 0x30',
            },
            at: ['2m45s', '3m30s', '5m', '9m'],
          },
        },
        {
          alert: 'BifrostDeviceDownLong',
          expr: withArea(AWAY),
          for: '1h',
          severity: 'warning',
          category: 'device',
          summary: 'Device {device} of {instance} has been away for an hour{at}',
          description:
            'Gateway {instance} has not reached device {device} ({driver}) for an hour, so that its samples are missing. Have somebody look at it, or disable it until it is back.',
          dashboard: 'bifrost-devices',
          page: {
            meaning: 'A device that should be read has been away so long that it will hardly come back by itself.',
            causes: [
              'a fault of the device or of its power supply',
              'it was taken out of use and is still in the configuration',
              'a change of its address or of its program',
            ],
            steps: [
              [
                'When did it answer last, and what is the reason now?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/devices/press-1`,
                'it is meant to be away: `enabled: false` in the configuration, then `bifrost reload`',
                'it is not: go on with 2',
              ],
              [
                'How far does the way to the device go?',
                'bifrost test -c bifrost.yaml press-1',
                'DNS or TCP fails: network and power of the device',
                'later: see BifrostDeviceDisconnected, step 2',
              ],
            ],
            clears: 'With the first good answer, or when the device is disabled or removed from the configuration.',
          },
          firing: {
            series: {
              [`bifrost_device_away${PRESS}`]: '0x2 1x70 0x20',
            },
            step: '1m',
            notYet: '1h',
            fires: '1h8m',
            clears: '1h20m',
            labels: { device: 'press-1', driver: 'modbus' },
            value: '1',
          },
          quiet: {
            why: 'it came back for a moment',
            series: {
              [`bifrost_device_away${PRESS}`]: '1x40 0x3 1x40',
            },
            step: '1m',
            at: ['50m', '1h10m', '1h20m'],
          },
        },
        {
          alert: 'BifrostDeviceFlapping',
          expr: withArea('increase(bifrost_device_reconnects_total{device!="_other"}[30m]) > 6'),
          for: '5m',
          severity: 'warning',
          category: 'device',
          summary: 'Device {device} of {instance} loses its connection again and again{at}',
          description:
            'The connection of gateway {instance} to device {device} ({driver}) was made again {value:count} times within half an hour. Between them samples are missing. `bifrost trace` shows who ends it.',
          dashboard: 'bifrost-devices',
          page: {
            meaning:
              'The device can be reached, and the connection does not last. Each time it costs a connect, and samples of that time.',
            causes: [
              'two programs want a connection that the device gives only once',
              'the device restarts; a watchdog, a voltage drop',
              'a firewall or a mobile network that ends idle connections',
              'an address conflict: two devices with the same address',
            ],
            steps: [
              [
                'What happened on the wire before the connection ended?',
                'bifrost trace press-1 --follow --errors',
                'the device closes it: another client, or a limit of the device; look at its list of connections',
                'timeouts, then we close it: the device is too slow; raise `timeout`, or read it less often',
              ],
              [
                'Does the log of the gateway name a reason?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" "$BIFROST_URL/api/v1/logs?level=warn"`,
                'it names the error and the device at each change of state',
              ],
            ],
            clears: 'Half an hour with six new connections or fewer.',
          },
          firing: {
            series: {
              [`bifrost_device_reconnects_total${PRESS}`]: '0x5 1+1x20 21x60',
              ...deviceInfo('press-1', 'site-1/line-2'),
            },
            step: '1m',
            notYet: '15m',
            fires: '30m',
            clears: '1h5m',
            labels: LABELS,
            value: '21',
          },
          quiet: {
            why: 'a device that was restarted three times, and the sum of those beyond the cap, which falls when one of them is removed',
            series: {
              [`bifrost_device_reconnects_total${PRESS}`]: '0x5 1x5 2x5 3x60',
              'bifrost_device_reconnects_total{device="_other",driver="_other"}': '500x10 490x60',
            },
            step: '1m',
            at: ['20m', '30m', '40m'],
          },
        },
        {
          alert: 'BifrostSubscriptionStale',
          expr: withArea('bifrost_subscription_stale_seconds > 60'),
          for: '5m',
          severity: 'warning',
          category: 'device',
          summary: 'Device {device} reports nothing any more{at}',
          description:
            'The subscriptions of gateway {instance} at device {device} ({driver}) have been silent for {value:duration}, against the evidence. The gateway makes them anew by itself; where that does not help, the server has to be restarted.',
          dashboard: 'bifrost-devices',
          page: {
            meaning:
              'The connection stands, and no notification comes, or a value that was read is another than the last reported one. The gateway rebuilds the subscription, then the session, then the socket.',
            causes: [
              'an OPC UA server that has lost its subscriptions',
              'a server with too many sessions',
              'a network that drops one direction',
            ],
            steps: [
              [
                'What was made anew, and what did the server answer?',
                'bifrost trace press-1 --for 30s',
                'the server refuses: too many sessions or subscriptions; close those of other clients',
                'it accepts and stays silent: restart the server',
              ],
            ],
            clears: 'With the first notification.',
          },
          firing: {
            series: {
              [`bifrost_subscription_stale_seconds${PRESS}`]: '0x5 60+60x15 0x20',
              ...deviceInfo('press-1', 'site-1/line-2'),
            },
            step: '1m',
            notYet: '10m',
            fires: '13m',
            clears: '22m',
            labels: LABELS,
            value: '8m 0s',
          },
          quiet: {
            why: 'it was made anew within a few minutes',
            series: { [`bifrost_subscription_stale_seconds${PRESS}`]: '0x5 60+60x4 0x20' },
            step: '1m',
            at: ['9m', '11m', '15m'],
          },
        },
        {
          alert: 'BifrostDeviceClockOff',
          expr: withArea('abs(bifrost_device_clock_offset_seconds) > 60'),
          for: '15m',
          severity: 'warning',
          category: 'device',
          summary: 'The clock of {device} is {value:duration} off{at}',
          description:
            'The clock of device {device} ({driver}) differs by {value:duration} from that of gateway {instance}. Its source times are wrong by as much. Set its clock, or let it use NTP.',
          dashboard: 'bifrost-devices',
          page: {
            meaning: 'Source times of the device are more than a minute away from the time of the gateway.',
            causes: [
              'no time server',
              'a battery that is empty: the clock starts in the past after a power cut',
              'a time zone that was entered as UTC',
            ],
            steps: [
              [
                'Which time does the device give?',
                'bifrost read press-1 --json',
                'whole hours off: the time zone',
                'anything else: set the clock',
              ],
              ['Is it the clock of the gateway?', 'timedatectl', 'not synchronised: see BifrostClockNotSynchronised'],
            ],
            clears: 'When the clocks are less than a minute apart.',
          },
          firing: {
            series: {
              [`bifrost_device_clock_offset_seconds${PRESS}`]: '0x5 -3600x30 0x20',
              ...deviceInfo('press-1', 'site-1/line-2'),
            },
            step: '1m',
            notYet: '20m',
            fires: '22m',
            clears: '38m',
            labels: LABELS,
            value: '1h 0m 0s',
          },
          quiet: {
            why: 'half a minute off',
            series: { [`bifrost_device_clock_offset_seconds${PRESS}`]: '30x60' },
            step: '1m',
            at: ['20m', '1h'],
          },
        },
      ],
    },
  ],
  recordingCases: [
    {
      why: 'a hall in maintenance is no outage of the fleet, and does not hide one of the others',
      series: {
        'bifrost_devices{state="Running"}': '2x20 1x20',
        'bifrost_devices{state="Connecting"}': '0x20 1x20',
        'bifrost_devices{state="Failed"}': '2x20 3x20',
        'bifrost_devices{state="Disabled"}': '1x40',
        'bifrost_device_away{device="press-1",driver="modbus"}': '1x40',
        'bifrost_device_away{device="press-2",driver="modbus"}': '1x40',
        'bifrost_device_away{device="oven",driver="modbus"}': '0x20 1x20',
        'bifrost_maintenance_active{device="press-1"}': '1x40',
        'bifrost_maintenance_active{device="press-2"}': '1x40',
        'bifrost_maintenance_active{device="spare"}': '1x40',
      },
      expect: [
        { expr: 'ALERTS{alertname="BifrostDeviceFleetOutage"}', at: '4m45s', samples: {} },
        {
          expr: 'count(ALERTS{alertname="BifrostDeviceFleetOutage",alertstate="firing"})',
          at: '9m',
          samples: { '{}': 1 },
        },
      ],
    },
  ],
}
