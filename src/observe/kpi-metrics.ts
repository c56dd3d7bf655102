/** Figures of devices and assets: what `kpi/` counts. Counters begin with the process, as all do; the API has the durable ones. */
import { define } from './metric-info.ts'

const DEVICE = ['device', 'driver'] as const
const ASSET = ['asset'] as const
const WINDOW = 'Over the current shift; over the day where the asset has no shifts; absent while nothing is known.'

export const kpiMetrics = [
  define('bifrost_device_up_seconds_total', 'counter', 'seconds', DEVICE, 'Time in state Running; planned maintenance and time disabled are neither up nor down.'), // prettier-ignore
  define('bifrost_device_down_seconds_total', 'counter', 'seconds', DEVICE, 'Time enabled and not in state Running, planned maintenance apart.'), // prettier-ignore
  define('bifrost_device_failures_total', 'counter', '', DEVICE, 'Changes from Running to another state while enabled: up seconds over these is the mean time between failures.'), // prettier-ignore
  define('bifrost_device_recoveries_total', 'counter', '', DEVICE, 'Failures that were over: Running again.'),
  define('bifrost_device_samples_expected_total', 'counter', '', DEVICE, 'Samples that polls should have brought: one a tag and interval while the device is enabled; tags that are subscribed to apart.'), // prettier-ignore
  define('bifrost_device_samples_good_total', 'counter', '', DEVICE, 'Of those expected, the ones that were read with status Good, before any deadband.'), // prettier-ignore
  define('bifrost_asset_planned_seconds_total', 'counter', 'seconds', ASSET, 'Planned time in which the state of the asset was known.'), // prettier-ignore
  define('bifrost_asset_unknown_seconds_total', 'counter', 'seconds', ASSET, 'Planned time in which one of its tags was not good: in no ratio.'), // prettier-ignore
  define(
    'bifrost_asset_running_seconds_total',
    'counter',
    'seconds',
    ASSET,
    'Of the planned time, that in which it ran.',
  ),
  define('bifrost_asset_produced_total', 'counter', '', ASSET, 'Pieces in planned time, good ones and others.'),
  define(
    'bifrost_asset_rejected_total',
    'counter',
    '',
    ASSET,
    'Pieces in planned time that were not good; absent where nobody counts them.',
  ),
  define('bifrost_asset_ideal_total', 'counter', '', ASSET, 'Pieces that the running time could have brought at the ideal rate.'), // prettier-ignore
  define('bifrost_asset_availability_ratio', 'gauge', '', ASSET, `Running time over planned time. ${WINDOW}`),
  define('bifrost_asset_performance_ratio', 'gauge', '', ASSET, `Produced over ideal. ${WINDOW}`),
  define('bifrost_asset_quality_ratio', 'gauge', '', ASSET, `Good over produced. ${WINDOW}`),
  define('bifrost_asset_oee_ratio', 'gauge', '', ASSET, `Availability × performance × quality. ${WINDOW}`),
] as const
