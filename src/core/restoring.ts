/** The file in a data folder that says: a restore is being put in place. It is decided, and not done; nothing else may use the folder. */
export const RESTORING = 'RESTORING'
