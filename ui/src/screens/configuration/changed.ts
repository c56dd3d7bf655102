/** What is asked again after the configuration was changed. */
export const CHANGED_BY_CONFIG = [
  'GET /api/v1/config/status',
  'GET /api/v1/config/history',
  'GET /api/v1/config/plan',
  'GET /api/v1/config/diff',
  'GET /api/v1/config/files',
  'GET /api/v1/config/file',
] as const
