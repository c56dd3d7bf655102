/** Words of a change of the configuration before it is saved: what it would come to, and what another person changed meanwhile. */
export const configChangeStrings = {
  planning: 'Asking what this would change …',
  counts: (added: number, changed: number, removed: number) =>
    [added > 0 && `${added} added`, changed > 0 && `${changed} changed`, removed > 0 && `${removed} removed`]
      .filter((part) => part !== false)
      .join(', ') || 'Nothing changes in what runs.',
  files: 'What is written to the files',
  load: 'The load that it means',
  settings: 'What changes',
  more: (count: number) => `… and ${count} more`,
  none: '–',
  reason: 'Reason (kept in the history and the audit log)',
  replan: 'Show my change on top of what is there now',
  wanted: 'Your change',
  choices: {
    override: 'Write it here, over what stands elsewhere',
    detach: 'Take it out of what it comes from, for this one alone',
    shared: 'Change it where it stands, for all that use it',
  },
  failedPlan: 'This cannot be saved.',
  failed: 'Nothing was saved.',
  saving: 'Saving …',
} as const
