import type { Events } from '../events/events.ts'
import { GatewayError } from '../errors.ts'
import { inTurns } from '../in-turn.ts'
import type { ConfigStore, ConfigVersion, NewEvent } from '../storage/port.ts'
import { ConfigError } from './error.ts'
import { type Difference, differences, mergePatch, overlaps, patchBetween } from './merge.ts'
import { parseConfig } from './parse.ts'
import { readPatch, redact, redactAt } from './redact.ts'
import { ruleOf } from './rules.ts'
import type { Config, ConfigInput } from './schema.ts'

/** What a part of the gateway does for a new configuration, once it is kept. */
export interface Reaction {
  /** Takes it up. Must not throw; a promise is waited for, and where it rejects the change stands and its caller is told. */
  apply(): void | Promise<void>
  /** Told with the change. */
  events?: NewEvent[]
}

/**
 * Makes ready what a new configuration needs; nothing is changed yet.
 * @throws ConfigError where it cannot be used
 */
export type Prepare = (next: Config, current: Config) => Reaction | undefined

/** A change as it was made. */
export interface Changed {
  /** The version that is now. */
  version: number
  /** The keys that differ from before; none: nothing was changed. */
  paths: string[]
  /** Those of them that take effect at the next start. */
  restart: string[]
  /** Those of them that a flag or the environment says otherwise, for as long as it does. */
  overridden: string[]
}

/** The configuration of a gateway that runs: what its file says, and over it what was changed since. */
export interface LiveConfig {
  readonly current: Config
  readonly version: number
  /** The keys that were changed since the start and wait for the next one. */
  readonly restart: string[]
  /**
   * Changes it: checked as a whole, kept, told as `config:patched`, and then taken up by all parts. One change after the other.
   * @param makePatch a merge patch (RFC 7396) for what is there now
   * @param by the client that changes it
   * @throws ConfigError where the whole would not be usable, and what `makePatch` throws; nothing is changed then
   */
  patch(makePatch: (current: Config) => unknown, by: string): Promise<Changed>
  /**
   * Takes up again what was changed at run time up to a version. What the file says is not touched.
   * @throws GatewayError `not_found`; ConfigError where it does not fit the file any more
   */
  rollback(version: number, by: string): Promise<Changed>
  /** The newest first. */
  history(limit: number, before?: number): Promise<ConfigVersion[]>
  /** In what two versions differ, without secrets. @throws GatewayError `not_found` */
  diff(from: number, to: number): Promise<Difference[]>
  /** Registers a part that has to know of changes. */
  onChange(prepare: Prepare): void
  /** Keeps the configuration of this start, and tells in what it differs from that of the one before. */
  rememberStart(): Promise<void>
}

export interface LoadOptions {
  /** What the file says, or the host application, with its defaults. */
  base: Config
  /** What stands above all that is changed at run time: flags and the environment. */
  overrides: ConfigInput
  store: ConfigStore
  /** Starts without what was changed at run time. It stays in the history. */
  discardPatches: boolean
}

/** A configuration with where it comes from. */
export interface Loaded extends Omit<LoadOptions, 'discardPatches'> {
  config: Config
  overlay: unknown
  last: ConfigVersion | undefined
}

/** @throws ConfigError where what was changed at run time does not fit the file any more */
export async function loadLiveConfig({ discardPatches, ...options }: LoadOptions): Promise<Loaded> {
  const base = JSON.parse(JSON.stringify(options.base)) as Config
  const last = await options.store.last()
  const overlay: unknown = last && !discardPatches ? JSON.parse(last.overlay) : {}
  const source = `what was changed at run time (version ${last?.version}; --discard-patches starts without it)`
  return { ...options, base, last, overlay, config: effective({ ...options, base }, overlay, source) }
}

function effective({ base, overrides }: Pick<Loaded, 'base' | 'overrides'>, overlay: unknown, source?: string): Config {
  return parseConfig(mergePatch(mergePatch(base, overlay), overrides) as ConfigInput, source)
}

/** @param events where changes are told; what is told goes out with the write that keeps the change */
export function openLiveConfig({ config, overlay, last, store, ...layers }: Loaded, events: Events): LiveConfig {
  const started = config
  let current = config
  let patches = overlay
  let version = last?.version ?? 0
  /** Each change is checked against what the one before has made. */
  const inTurn = inTurns()
  const parts: Prepare[] = []

  const above = leaves(layers.overrides)
  const isOverridden = (path: string) => above.some((key) => path === key || path.startsWith(`${key}.`))

  async function change(wanted: unknown, source: 'patch' | 'rollback', clientId: string): Promise<Changed> {
    const next = effective(layers, wanted)
    const [before, after] = [patches, wanted].map((overlay) =>
      parseConfig(mergePatch(layers.base, overlay) as ConfigInput)
    )
    const paths = differences(before, after).map(({ path }) => path)
    const changed = { version, paths, restart: paths.filter(isForRestart), overridden: paths.filter(isOverridden) }
    if (paths.length === 0) return changed
    refuseFileOnly(paths)
    const reactions = parts.flatMap((prepare) => prepare(next, current) ?? [])
    const told = [
      events.prepare('config:patched', { source, paths }),
      events.prepare('audit:event', {
        action: `config.${source}`,
        outcome: 'done',
        subject: paths.join(' ').slice(0, MOST_SUBJECT),
        clientId
      }),
      ...reactions.flatMap((reaction) => reaction.events ?? [])
    ]
    version = await store.record({ ...record(next, wanted), source, clientId, paths }, told)
    current = next
    patches = wanted
    await Promise.all(reactions.map(async ({ apply }) => apply()))
    return { ...changed, version }
  }

  async function find(wanted: number): Promise<ConfigVersion> {
    const found = await store.get(wanted)
    if (!found) throw new GatewayError('not_found', `There is no version ${wanted} of the configuration`)
    return found
  }

  return {
    get current() {
      return current
    },
    get version() {
      return version
    },
    get restart() {
      return differences(started, current)
        .map(({ path }) => path)
        .filter(isForRestart)
    },
    patch: (makePatch, by) =>
      inTurn(() => {
        const target = mergePatch(layers.base, patches)
        const wanted = mergePatch(target, readPatch(makePatch(current), current))
        return change(patchBetween(layers.base, wanted) ?? {}, 'patch', by)
      }),
    rollback: (wanted, by) => inTurn(async () => change(JSON.parse((await find(wanted)).overlay), 'rollback', by)),
    history: (limit, before) => store.list(limit, before),
    async diff(from, to) {
      const [one, other] = await Promise.all([find(from), find(to)])
      const seen = differences(JSON.parse(one.config), JSON.parse(other.config))
      const isSeen = (path: string) => seen.some((difference) => overlaps(path, difference.path))
      const hidden = differences(JSON.parse(one.overlay), JSON.parse(other.overlay)).filter(({ path }) => !isSeen(path))
      return [...seen, ...hidden.map((difference) => withoutSecrets(difference))]
    },
    onChange: (prepare) => void parts.push(prepare),
    rememberStart: () =>
      inTurn(async () => {
        const made = record(current, patches)
        if (last?.config === made.config && last.overlay === made.overlay) return
        const found = last ? differences(JSON.parse(last.config), JSON.parse(made.config)) : []
        const paths = found.map(({ path }) => path)
        const told = paths.length > 0 ? [events.prepare('config:patched', { source: 'start', paths })] : []
        version = await store.record({ ...made, source: 'start', paths }, told)
      })
  }
}

/** Of what differs in its secrets alone, both sides look the same. */
const withoutSecrets = ({ path, from, to }: Difference): Difference => ({
  path,
  from: redactAt(path, from),
  to: redactAt(path, to)
})

const MOST_SUBJECT = 1000

const record = (config: Config, overlay: unknown) => ({
  at: Date.now(),
  config: JSON.stringify(redact(config)),
  overlay: JSON.stringify(overlay)
})

/** The paths of all values in it. */
const leaves = (value: unknown, path = ''): string[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key))
    : [path]

const isForRestart = (path: string) => ruleOf(path) === 'restart'

function refuseFileOnly(paths: string[]): void {
  const refused = paths.filter((path) => ruleOf(path) === 'file')
  if (refused.length === 0) return
  throw new ConfigError(refused.map((path) => ({ path, message: whyFileOnly(path) })))
}

const whyFileOnly = (path: string) =>
  path.startsWith('gateway.tokens')
    ? 'tokens are changed by tokens.create, tokens.rotate and tokens.revoke'
    : 'can only be changed in the configuration file'
