/** The explanation as plain text, for a ticket or a mail: what the screen shows, in its order. */
import { exactWithUnit, statusHex } from '../../format.ts'
import { explainStrings as words } from '../../strings/explain.ts'
import { wordsOf } from './hex.ts'
import { sampleText } from './steps-part.tsx'
import type { Exchange, Explained, Sample } from './types.ts'

export function explainText(explained: Explained): string {
  const { device, tag, address, addressText, type, askedAt, fate, reason } = explained
  const lines = [
    `${device}/${tag}  ${askedAt}`,
    `${words.fates[fate]} ${reason ?? ''}`.trim(),
    `${words.address}: ${address} (${addressText}), ${type}`,
    ...wireLines(explained),
    '',
    words.parts.value,
    ...(explained.raw === null ? [words.notDecoded] : sampleLines(explained.raw, null)),
    '',
    words.parts.steps,
    ...explained.steps.map(({ name, decision, text, before, after }) => {
      const change = decision === 'changed' ? ` ${sampleText(before)} → ${sampleText(after)}` : ''
      return `${name}: ${words.decisions[decision]}. ${text}${change}`
    }),
    '',
    words.parts.store,
    ...storeLines(explained),
    '',
    words.parts.sinks,
    ...sinkLines(explained),
  ]
  return `${lines.join('\n')}\n`
}

function wireLines({ wire }: Explained): string[] {
  const { exchange, place, together, retries, problem } = wire
  return [
    '',
    words.parts.wire,
    ...(problem === null ? [] : [problem]),
    ...(exchange === null ? [] : exchangeLines(exchange)),
    ...(place === null
      ? []
      : [
          `${words.reading}: ${place.bytes === null ? '' : wordsOf(place.bytes, 2)} ${place.reading} (byte ${place.start ?? '?'} on)`,
          `${words.block}: ${words.together(place.block, String(together.total))}`,
        ]),
    `${words.retries}: ${retries}`,
  ]
}

function exchangeLines({ request, response, error, roundTripMs }: Exchange): string[] {
  return [
    ...(request === null ? [] : [`${words.request}: ${wordsOf(request.hex, 2)}`, `  ${request.text}`]),
    ...(response === null ? [] : [`${words.response}: ${wordsOf(response.hex, 2)}`, `  ${response.text}`]),
    ...(error === null ? [] : [error]),
    ...(roundTripMs === null ? [] : [`${words.roundTrip}: ${words.roundTripMs(roundTripMs.toFixed(1))}`]),
  ]
}

const sampleLines = ({ value, status, time }: Sample, unit: string | null): string[] => [
  `${words.value}: ${exactWithUnit(value, unit)}`,
  `${words.status}: ${status.name} (${statusHex(status.code)})`,
  `${words.time}: ${time ?? '–'}`,
]

function storeLines({ store, unit }: Explained): string[] {
  if (store === null) return [words.notStored]
  return [
    ...(store.isThis ? [] : [words.earlier]),
    ...sampleLines(store, unit),
    `${words.seq}: ${words.inLog(String(store.seq), store.logId)}. ${store.durable ? words.durable : words.notDurable}`,
  ]
}

function sinkLines({ sinks }: Explained): string[] {
  if (sinks.length === 0) return [words.noSinks]
  return sinks.flatMap(({ name, kind, outcome, afterMs, reason, messages }) => [
    `${name} (${kind}): ${words.outcomes[outcome]}${afterMs === null ? '' : `, ${words.after(String(Math.round(afterMs)))}`}${reason === null ? '' : `. ${reason}`}`,
    ...(messages ?? []).map(({ place, text, hex }) => `  ${place}: ${text ?? wordsOf(hex ?? '', 2)}`),
  ])
}
