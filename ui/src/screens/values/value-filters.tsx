/** What of the values is shown: device and quality; the text filter stands before them. */
import { NativeSelect, SegmentedControl } from '@mantine/core'
import { useMemo } from 'react'
import { useLive } from '../../live/context.ts'
import { valuesStrings as words } from '../../strings/values.ts'
import { QUALITIES, type View } from './view.ts'

interface Props {
  readonly view: View
  change(part: Partial<View>): void
}

/** With more devices a list to choose from helps nobody: the text filter finds them. */
const MOST_LISTED = 1000

export function ValueFilters({ view, change }: Props) {
  return (
    <>
      <DeviceSelect view={view} change={change} />
      <SegmentedControl
        size="xs"
        aria-label={words.qualityLabel}
        value={view.quality}
        onChange={(quality) => change({ quality })}
        data={QUALITIES.map((value) => ({ value, label: words.qualities[value] }))}
      />
    </>
  )
}

function DeviceSelect({ view, change }: Props) {
  const devices = useLive((store) => store.devices)
  const options = useMemo(() => {
    const listed = devices.length > MOST_LISTED ? [] : devices
    const known = listed.some(({ name }) => name === view.device)
    return [
      { value: '', label: words.allDevices },
      ...(view.device === undefined || known ? [] : [{ value: view.device, label: view.device }]),
      ...listed.map(({ name, state }) => ({ value: name, label: words.deviceOption(name, state) })),
    ]
  }, [devices, view.device])
  return (
    <NativeSelect
      size="xs"
      className="device-select"
      aria-label={words.device}
      value={view.device ?? ''}
      onChange={(event) => change({ device: event.currentTarget.value || undefined })}
      data={options}
    />
  )
}
