import type { Issue } from '../schema/explain.ts'

/** Thrown when a configuration cannot be used; `message` lists every issue, a line each, and holds no values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly issues: Issue[]

  constructor(issues: Issue[], source?: string) {
    const lines = issues.map((issue) => `  ${issue.path ? `${issue.path}: ` : ''}${issue.message}`)
    super([`Invalid configuration${source ? ` in ${source}` : ''}:`, ...lines].join('\n'))
    this.issues = issues
  }
}
