import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Config, type ConfigInput, DEFAULT_DATA_DIR } from './schema.ts'
import { LOG_LEVELS, type LogLevel } from '../log-levels.ts'
import { didYouMean } from '../schema/explain.ts'
import { ConfigError } from './error.ts'
import { readConfigFile } from './file.ts'
import { parseConfig } from './parse.ts'
import { expandHome } from './paths.ts'

export const USAGE = `Usage: comis-gateway [flags]

Puts AI agents on one port: REST, Server-Sent Events and an OpenAI-compatible API.

  --config FILE      configuration, YAML or JSON        COMIS_CONFIG
                     (default ./comis-gateway.yaml, then <data dir>/config.yaml)
  --host ADDRESS     address to listen on               COMIS_HOST
  --port PORT        port to listen on, 0: a free one   COMIS_PORT
  --data-dir FOLDER  database and secrets               COMIS_DATA_DIR
  --log-level LEVEL  ${LOG_LEVELS.join(' ')}   COMIS_LOG_LEVEL
  --discard-patches  start without what was changed at run time
  --help, --version
`

const FLAGS = {
  config: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  'log-level': { type: 'string' },
  'discard-patches': { type: 'boolean' },
  help: { type: 'boolean' },
  version: { type: 'boolean' }
} as const
type Flags = { [K in keyof typeof FLAGS]?: (typeof FLAGS)[K]['type'] extends 'string' ? string : boolean }
type Env = Record<string, string | undefined>

/** What the process was asked to do. */
export type Command =
  | { run: 'help' | 'version' }
  | {
      run: 'serve'
      /** What the file says. */
      config: Config
      /** What flags and the environment say in place of it, and of what is changed at run time. */
      overrides: ConfigInput
      /** Without what was changed at run time. */
      discardPatches: boolean
      logLevel: LogLevel
      configPath: string | undefined
    }

/**
 * Reads flags, environment and file, in this order of precedence, over the defaults.
 * @param argv the arguments after the script's name
 * @throws ConfigError that names the flag, variable or key at fault
 */
export function loadCommand(argv: string[], env: Env): Command {
  const flags = readFlags(argv)
  if (flags.help) return { run: 'help' }
  if (flags.version) return { run: 'version' }
  const dataDir = flags['data-dir'] ?? env.COMIS_DATA_DIR
  const configPath = findFile(flags.config ?? env.COMIS_CONFIG, dataDir)
  const written = configPath ? readConfigFile(configPath, env) : {}
  const config = parseConfig(written, configPath)
  return {
    run: 'serve',
    config: dataDir ? { ...config, dataDir } : config,
    overrides: { gateway: { ...host(flags, env), ...port(flags, env) } },
    discardPatches: flags['discard-patches'] ?? false,
    logLevel: logLevel(flags, env),
    configPath
  }
}

function readFlags(argv: string[]): Flags {
  const { tokens } = parseArgs({ args: argv, options: FLAGS, strict: false, allowPositionals: true, tokens: true })
  const flags: Record<string, string | boolean> = {}
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') throw flagError(token.value, 'unexpected argument')
    const known = Object.hasOwn(FLAGS, token.name) ? FLAGS[token.name as keyof typeof FLAGS] : undefined
    if (!known) throw unknownFlag(token.rawName, token.name)
    if (known.type === 'string' && !token.value) throw flagError(token.rawName, 'expected a value')
    flags[token.name] = token.value ?? true
  }
  return flags
}

function unknownFlag(rawName: string, name: string): ConfigError {
  const meant = didYouMean(name, Object.keys(FLAGS))
  return flagError(rawName, `unknown flag${meant ? `; did you mean --${meant}?` : '; see --help'}`)
}

function findFile(named: string | undefined, dataDir: string | undefined): string | undefined {
  if (named) return resolve(named)
  const inDataDir = join(expandHome(dataDir ?? DEFAULT_DATA_DIR), 'config.yaml')
  return [resolve('comis-gateway.yaml'), inDataDir].find((path) => existsSync(path))
}

function host(flags: Flags, env: Env): { host?: string } {
  const value = flags.host ?? env.COMIS_HOST
  return value ? { host: value } : {}
}

function port(flags: Flags, env: Env): { port?: number } {
  const [value, name] = flags.port === undefined ? [env.COMIS_PORT, 'COMIS_PORT'] : [flags.port, '--port']
  if (!value) return {}
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) throw flagError(name, 'expected an integer from 0 to 65535')
  return { port: Number(value) }
}

function logLevel(flags: Flags, env: Env): LogLevel {
  const [value, name] = flags['log-level']
    ? [flags['log-level'], '--log-level']
    : [env.COMIS_LOG_LEVEL || 'info', 'COMIS_LOG_LEVEL']
  const level = LOG_LEVELS.find((known) => known === value)
  if (!level) throw flagError(name, `expected one of ${LOG_LEVELS.join(', ')}`)
  return level
}

const flagError = (path: string, message: string) => new ConfigError([{ path, message }])
