export const closed = { additionalProperties: false }
/** What clients, agents, providers and channels may be called. */
export const ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'
/** A change of it at run time is kept, and takes effect at the next start. */
export const atRestart = { 'x-restart': true }
/** It is not to be changed at run time: what it says is only for those to decide who can write the file. */
export const fileOnly = { 'x-file-only': true }
