/** Devices that answer, but wrongly, late or not always. */
import { deviceInfo, withArea, type RuleFile } from '../rule.ts'

const PRESS = 'device="press-1",driver="modbus"'
const LABELS = { device: 'press-1', driver: 'modbus', area: 'site-1/line-2' }
const INFO = deviceInfo('press-1', 'site-1/line-2')
/** Keeps the labels of the target, such as `site`. */
const BY_DEVICE = 'sum without (result)'

export const pollingRules: RuleFile = {
  name: 'polling',
  about: 'Devices that answer, but wrongly, late or not always.',
  groups: [
    {
      name: 'bifrost-polling',
      alerts: [
        {
          alert: 'BifrostDeviceErrorRatio',
          expr: withArea(
            `${BY_DEVICE} (rate(bifrost_device_requests_total{result!="ok"}[10m])) / (${BY_DEVICE} (rate(bifrost_device_requests_total[10m])) > 0) > 0.1`,
          ),
          for: '10m',
          severity: 'warning',
          category: 'device',
          summary: '{value:percent} of the requests to {device} fail{at}',
          description:
            'Of the requests of gateway {instance} to device {device} ({driver}) {value:percent} failed or had no answer in the last ten minutes. `bifrost trace` shows them.',
          dashboard: 'bifrost-devices',
          page: {
            meaning:
              'More than one request of ten to a device fails: some of its tags are bad, or all of them now and then.',
            causes: [
              'addresses that the device does not have (exceptions), after its program was changed',
              'a device or a line that is too slow for the timeout (no answer)',
              'noise on a serial line (checksums)',
            ],
            steps: [
              [
                'What fails?',
                'bifrost trace press-1 --errors --for 30s',
                'exceptions: go on with 2',
                'timeouts: see BifrostDeviceLossRatio',
              ],
              [
                'Which tags, and why?',
                'bifrost explain press-1/level',
                'the address is refused: correct the tag; `bifrost modbus profile press-1` shows what was learned of the device, `bifrost modbus forget press-1` tries all again',
                'the device says it is busy: read it less often (`every`)',
              ],
            ],
            clears: 'When less than 10 % of the requests of ten minutes fail.',
          },
          firing: {
            series: {
              [`bifrost_device_requests_total{${PRESS},result="ok"}`]: '0+75x30 2250+100x40',
              [`bifrost_device_requests_total{${PRESS},result="failed"}`]: '0+20x30 600x40',
              [`bifrost_device_requests_total{${PRESS},result="timeout"}`]: '0+5x30 150x40',
              ...INFO,
            },
            step: '1m',
            notYet: '10m',
            fires: '20m',
            clears: '45m',
            labels: LABELS,
            value: '25%',
          },
          quiet: {
            why: 'one request of twenty fails',
            series: {
              [`bifrost_device_requests_total{${PRESS},result="ok"}`]: '0+95x40',
              [`bifrost_device_requests_total{${PRESS},result="failed"}`]: '0+5x40',
            },
            step: '1m',
            at: ['20m', '40m'],
          },
        },
        {
          alert: 'BifrostDeviceLossRatio',
          expr: withArea('bifrost_device_request_loss_ratio > 0.05'),
          for: '10m',
          severity: 'warning',
          category: 'device',
          summary: '{value:percent} of the requests to {device} get no answer{at}',
          description:
            'Of the requests of gateway {instance} to device {device} ({driver}) {value:percent} had no answer in the last five minutes: packets are lost, or the device is too slow for its timeout.',
          dashboard: 'bifrost-devices',
          page: {
            meaning:
              'The loss is measured from real requests: asked and never answered. Each costs the line a timeout.',
            causes: [
              'a radio link, a duplex mismatch, a serial line without termination',
              'a device that takes longer than `timeout` when it is busy',
              'several masters on one line',
            ],
            steps: [
              [
                'How long do answers take that come?',
                'bifrost trace press-1 --for 30s',
                'close to the timeout: raise `timeout` of the device, or read fewer tags at once',
                'short, and some never come: the way; look at the error counters of the switch port or the serial adapter',
              ],
            ],
            clears: 'When less than 5 % of the requests of five minutes are lost.',
          },
          firing: {
            series: { [`bifrost_device_request_loss_ratio{${PRESS}}`]: '0x5 0.125x20 0.01x20', ...INFO },
            step: '1m',
            notYet: '15m',
            fires: '17m',
            clears: '27m',
            labels: LABELS,
            value: '12.5%',
          },
          quiet: {
            why: 'a few packets lost, and one bad minute',
            series: { [`bifrost_device_request_loss_ratio{${PRESS}}`]: '0.04x20 0.5x5 0.04x20' },
            step: '1m',
            at: ['19m', '25m', '30m'],
          },
        },
        {
          alert: 'BifrostDeviceSlow',
          expr: withArea('histogram_quantile(0.95, rate(bifrost_device_request_duration_seconds_bucket[10m])) > 1'),
          for: '10m',
          severity: 'warning',
          category: 'device',
          summary: 'Device {device} takes {value:duration} to answer{at}',
          description:
            'One request of twenty to device {device} ({driver}) of gateway {instance} takes longer than {value:duration}. Values come late, and others on the same line wait.',
          dashboard: 'bifrost-devices',
          page: {
            meaning: 'The 95th percentile of the round trip of one request is above one second.',
            causes: [
              'the device is busy with its own program, or with other clients',
              'requests that are too large for it',
              'a slow way: mobile network, a serial line at 9600 baud behind a converter',
            ],
            steps: [
              [
                'Which requests are slow?',
                'bifrost trace press-1 --for 30s',
                'all: the way or the device; compare with `bifrost test -c bifrost.yaml press-1`',
                'the large ones: lower the number of tags in a request (options of the driver)',
              ],
              [
                'Is the line full?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/lines`,
                'utilisation near 1: see BifrostLineSaturated',
              ],
            ],
            clears: 'When 95 % of the requests of ten minutes take less than a second.',
          },
          firing: {
            series: {
              [`bifrost_device_request_duration_seconds_bucket{${PRESS},le="1"}`]: '0x30 0+60x40',
              [`bifrost_device_request_duration_seconds_bucket{${PRESS},le="2.5"}`]: '0+60x70',
              [`bifrost_device_request_duration_seconds_bucket{${PRESS},le="+Inf"}`]: '0+60x70',
              ...INFO,
            },
            step: '1m',
            notYet: '10m',
            fires: '20m',
            clears: '50m',
            labels: LABELS,
            value: '2.425s',
          },
          quiet: {
            why: 'all answers within a second',
            series: {
              [`bifrost_device_request_duration_seconds_bucket{${PRESS},le="1"}`]: '0+60x70',
              [`bifrost_device_request_duration_seconds_bucket{${PRESS},le="+Inf"}`]: '0+60x70',
            },
            step: '1m',
            at: ['20m', '50m'],
          },
        },
        {
          alert: 'BifrostPollsLate',
          expr: 'histogram_quantile(0.95, rate(bifrost_device_poll_lateness_seconds_bucket[10m])) > 1',
          for: '10m',
          severity: 'warning',
          category: 'gateway',
          summary: 'Polls of {driver} on {instance} begin {value:duration} late',
          description:
            'One poll of twenty of the driver {driver} on gateway {instance} begins more than {value:duration} after its time: the gateway or a line has more to do than it can.',
          dashboard: 'bifrost-devices',
          page: {
            meaning: 'Polls wait for their line or for the processor. Values are older than `every` promises.',
            causes: [
              'more requests than a line bears: many devices behind one serial port or converter',
              'the processor is busy: BifrostEventLoopBusy fires as well then',
              'one slow device that shares a line with others',
            ],
            steps: [
              [
                'Which line is busy, and with what?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/lines`,
                'one line near 1: see BifrostLineSaturated',
                'none: go on with 2',
              ],
              [
                'What would the configuration need?',
                'bifrost config plan bifrost.yaml',
                'more requests than fit: raise `every` of what changes slowly',
                'all fits: see BifrostEventLoopBusy',
              ],
            ],
            clears: 'When 95 % of the polls of ten minutes begin within a second of their time.',
          },
          firing: {
            series: {
              'bifrost_device_poll_lateness_seconds_bucket{driver="modbus",le="1"}': '0x30 0+60x40',
              'bifrost_device_poll_lateness_seconds_bucket{driver="modbus",le="2.5"}': '0+60x70',
              'bifrost_device_poll_lateness_seconds_bucket{driver="modbus",le="+Inf"}': '0+60x70',
            },
            step: '1m',
            notYet: '10m',
            fires: '20m',
            clears: '50m',
            labels: { driver: 'modbus' },
            value: '2.425s',
          },
          quiet: {
            why: 'all polls within a second of their time',
            series: {
              'bifrost_device_poll_lateness_seconds_bucket{driver="modbus",le="1"}': '0+60x70',
              'bifrost_device_poll_lateness_seconds_bucket{driver="modbus",le="+Inf"}': '0+60x70',
            },
            step: '1m',
            at: ['20m', '50m'],
          },
        },
        {
          alert: 'BifrostPollOverruns',
          expr: withArea('increase(bifrost_device_overruns_total{device!="_other"}[15m]) > 30'),
          for: '15m',
          severity: 'warning',
          category: 'device',
          summary: 'Polls of {device} are left out because the one before is not done{at}',
          description:
            'In a quarter of an hour {value:count} polls of device {device} ({driver}) on gateway {instance} were left out. It is asked more often than it can answer: raise `every`, or read fewer tags.',
          dashboard: 'bifrost-devices',
          page: {
            meaning:
              'A poll takes longer than its interval, so that the next one is left out. Values come less often than configured.',
            causes: [
              '`every` is too short for the device',
              'the device has become slow',
              'a line that is shared by too many',
            ],
            steps: [
              [
                'How long does a poll take, and of how many requests is it?',
                'bifrost config plan bifrost.yaml',
                'many requests: put the tags nearer together, or raise `every`',
                'few: see BifrostDeviceSlow',
              ],
            ],
            clears: 'When 30 polls or fewer are left out in a quarter of an hour.',
          },
          firing: {
            series: { [`bifrost_device_overruns_total{${PRESS}}`]: '0+10x40 400x30', ...INFO },
            step: '1m',
            notYet: '15m',
            fires: '30m',
            clears: '1h',
            labels: LABELS,
            value: '150',
          },
          quiet: {
            why: 'one poll a minute',
            series: { [`bifrost_device_overruns_total{${PRESS}}`]: '0+1x60' },
            step: '1m',
            at: ['30m', '1h'],
          },
        },
        {
          alert: 'BifrostLineSaturated',
          expr: 'bifrost_line_utilisation_ratio > 0.95',
          for: '15m',
          severity: 'warning',
          category: 'capacity',
          summary: 'The line {line} of {instance} is full ({value:percent})',
          description:
            'A request is under way {value:percent} of the time on line {line} of gateway {instance}. Polls wait for each other; a device that fails now delays the others on it.',
          dashboard: 'bifrost-devices',
          page: {
            meaning: 'A line is a socket or a serial port that devices share. It has no room left.',
            causes: ['too many tags or too short intervals', 'a dead unit that costs timeouts', 'a low baud rate'],
            steps: [
              [
                'Which unit takes the time?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/lines`,
                'a unit that does not answer: disable it until it is repaired',
                'all of them: raise `every`, or give the devices a second line',
              ],
            ],
            clears: 'When the line is idle at least 5 % of the time.',
          },
          firing: {
            series: { 'bifrost_line_utilisation_ratio{line="10.0.0.5:502"}': '0.5x5 0.99x30 0.5x20' },
            step: '1m',
            notYet: '20m',
            fires: '22m',
            clears: '38m',
            labels: { line: '10.0.0.5:502' },
            value: '99%',
          },
          quiet: {
            why: 'busy, with room',
            series: { 'bifrost_line_utilisation_ratio{line="10.0.0.5:502"}': '0.9x60' },
            step: '1m',
            at: ['20m', '1h'],
          },
        },
      ],
    },
  ],
}
