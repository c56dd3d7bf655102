/** Local alerts about the gateway itself: its starts, its clock, its configuration, its certificates, its record. */
import { formatDuration } from '../../core/duration.ts'
import { DAY_MS, HOUR_MS, isoOf, MINUTE_MS, ofGateway, SECOND_MS, type Rule } from '../rule.ts'

/** An unclean stop is told of for so long after the start. */
const STARTED_MS = 15 * MINUTE_MS
const RESTARTS_MS = 30 * MINUTE_MS
const SOON_MS = 21 * DAY_MS
const DRIFT_MS = 2000

/** Of others, or of authorities: when they expire they stop others, not us. */
const isOfOthers = (use: string): boolean => use === 'opcua-trusted' || use.endsWith('-ca')

export const gatewayRules: readonly Rule[] = [
  {
    alert: 'BifrostUncleanStop',
    severity: 'warning',
    forMs: 0,
    isEvent: true,
    isLocal: true,
    next: 'Look into the log of the machine for the time before: power, memory (out of memory), a kill.',
    find({ wasKilled, starts, runsForMs }) {
      const at = starts.at(-1) ?? 0
      if (!wasKilled || runsForMs >= STARTED_MS) return []
      const summary = `The gateway started at ${isoOf(at)} and had not been stopped before: it was killed, crashed, or the power failed.`
      return [{ labels: { started: isoOf(at) }, summary }]
    },
  },
  {
    alert: 'BifrostGatewayRestarts',
    severity: 'warning',
    forMs: 0,
    next: 'Look at the last lines before each start: `journalctl -u bifrost`.',
    find({ starts, now }) {
      // The first start of all is no restart, and one that lies ahead was noted by a clock that was wrong.
      const again = starts.slice(1).filter((at) => at <= now && now - at < RESTARTS_MS).length
      return ofGateway(
        again > 2,
        () => `The gateway was started anew ${again} times in ${formatDuration(RESTARTS_MS)}.`,
      )
    },
  },
  {
    alert: 'BifrostConfigReloadFailed',
    severity: 'warning',
    forMs: 5 * MINUTE_MS,
    next: 'Correct the file: `bifrost check` shows all problems at once. What ran before goes on.',
    find: ({ reloadProblem }) =>
      ofGateway(reloadProblem !== undefined, () => `The configuration on the disk is not in use: ${reloadProblem}`),
  },
  {
    alert: 'BifrostClockNotSynchronised',
    severity: 'warning',
    forMs: 30 * MINUTE_MS,
    next: 'Look at the time service of the machine: `timedatectl status`.',
    find: ({ clock: { synchronised } }) =>
      ofGateway(synchronised === false, () => 'The clock of the machine is not synchronised.'),
  },
  {
    alert: 'BifrostClockOff',
    severity: 'warning',
    forMs: 0,
    next: 'Look at the time service of the machine: `timedatectl status`. Times of samples may be off.',
    find({ clock: { steps, driftMs } }, losses) {
      const stepped = losses.lately('clock', steps)
      return ofGateway(stepped > 0 || Math.abs(driftMs) > DRIFT_MS, () => `The clock of the machine was set, or runs wrong: ${formatDuration(Math.abs(driftMs))} within the last hour.`) // prettier-ignore
    },
  },
  {
    alert: 'BifrostCertificateExpired',
    severity: 'critical',
    forMs: 5 * MINUTE_MS,
    next: 'Renew it now: `bifrost certs status` shows which file it is.',
    find: ({ certificates, now }) =>
      certificates.flatMap(
        ({ use, name, notAfter }) =>
        notAfter > now || isOfOthers(use) ? [] : [{ labels: { use, name }, summary: `The certificate of ${use} ${name} expired at ${isoOf(notAfter)}.` }], // prettier-ignore
      ),
  },
  {
    alert: 'BifrostCertificateExpiresSoon',
    severity: 'warning',
    forMs: HOUR_MS,
    next: 'Renew it: `bifrost certs status` shows which file it is.',
    find: ({ certificates, now }) =>
      certificates.flatMap(
        ({ use, name, notAfter }) =>
        notAfter <= now || notAfter - now >= SOON_MS ? [] : [{ labels: { use, name }, summary: `The certificate of ${use} ${name} expires at ${isoOf(notAfter)}.` }], // prettier-ignore
      ),
  },
  {
    alert: 'BifrostAuditBroken',
    severity: 'critical',
    forMs: 30 * SECOND_MS,
    next: 'Keep the files of the audit log as they are and look: `bifrost audit verify`.',
    find: ({ audit: { finding } }) => ofGateway(finding !== null, () => `The audit log was changed: ${finding}`),
  },
  {
    alert: 'BifrostAuditNotWritable',
    severity: 'critical',
    forMs: MINUTE_MS,
    next: 'Make room on the disk, or correct the rights of the data folder: nothing is written to devices meanwhile.',
    find: ({ audit: { problem } }) => ofGateway(problem !== null, () => `The audit log cannot be written ${problem}`),
  },
]
