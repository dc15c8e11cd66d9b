import type { Config, MappingConfig } from '../config/schema.ts'
import type { Issue } from '../schema/explain.ts'
import { allMappings, type PlacedMapping } from './presets.ts'
import { compileTemplate, TemplateError } from './template.ts'

/** The delivery that is no mapping's: its id, and the last part of its address. */
export const GENERIC = 'webhook'

/** The part of an address that mappings are found by: case and slashes around it do not matter. */
export const normalPath = (path: string): string => path.replace(/^\/+|\/+$/g, '').toLowerCase()

/** Credentials: they are never stored, so that no template could see them. */
export const UNSEEN_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization'])

/** What the mappings of a configuration contradict. */
export function webhookIssues(config: Pick<Config, 'webhooks' | 'agents' | 'providers' | 'channels'>): Issue[] {
  const seen = new Set<string>([GENERIC])
  return allMappings(config.webhooks).flatMap((placed) => {
    const { id } = placed.mapping
    const taken = id === GENERIC ? 'is reserved' : 'is used by another mapping'
    const issues = seen.has(id) ? [{ path: `${placed.path}.id`, message: `"${id}" ${taken}` }] : []
    seen.add(id)
    return [...issues, ...mappingIssues(placed, config)]
  })
}

function mappingIssues(
  { mapping, path }: PlacedMapping,
  { webhooks, agents, providers, channels }: Pick<Config, 'webhooks' | 'agents' | 'providers' | 'channels'>
): Issue[] {
  const issues: Issue[] = []
  const wrong = (key: string, message: string) => void issues.push({ path: key ? `${path}.${key}` : path, message })
  const { agentId, model, channel, to, deliver, action } = mapping
  if (mapping.secret === undefined && webhooks.token === undefined) {
    wrong('', 'expected a `secret`, its own or `webhooks.token`: nothing unsigned is accepted')
  }
  if (normalPath(mapping.match.path) === GENERIC) wrong('match.path', `"${GENERIC}" is the gateway’s own`)
  if (agentId !== undefined && !Object.hasOwn(agents, agentId)) wrong('agentId', `there is no agent "${agentId}"`)
  const provider = model?.split('/', 1)[0]
  if (provider && providers && provider !== 'builtin' && !Object.hasOwn(providers, provider)) {
    wrong('model', `there is no provider "${provider}"`)
  }
  const text = action === 'agent' ? 'messageTemplate' : 'textTemplate'
  if (mapping[text] === undefined) wrong(text, `missing: the action ${action} needs it`)
  if (deliver && (channel === undefined || to === undefined)) wrong('deliver', 'expected `channel` and `to` beside it')
  if (deliver && channel !== undefined && !(Object.hasOwn(channels, channel) && channels[channel]?.enabled)) {
    wrong('channel', `there is no channel "${channel}" that is enabled`)
  }
  if (deliver && action === 'wake' && mapping.wakeMode === 'next-heartbeat') {
    wrong('deliver', 'what is kept for the agent’s next turn has no answer of its own')
  }
  return [...issues, ...templateIssues(mapping, path)]
}

const TEMPLATES = ['messageTemplate', 'textTemplate', 'sessionKey', 'to'] as const

function templateIssues(mapping: MappingConfig, path: string): Issue[] {
  return TEMPLATES.flatMap((key) => {
    const wrong = wrongWithTemplate(mapping[key])
    return wrong === undefined ? [] : [{ path: `${path}.${key}`, message: wrong }]
  })
}

function wrongWithTemplate(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    const unseen = compileTemplate(text).headers.find((name) => UNSEEN_HEADERS.has(name))
    return unseen && `the header ${unseen} is a credential: no template sees it`
  } catch (error) {
    if (error instanceof TemplateError) return error.message
    throw error
  }
}
