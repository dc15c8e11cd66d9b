import type { MappingConfig, WebhooksConfig } from '../config/schema.ts'

/** Mappings that come with the gateway, by the name of their preset. Their secret is `webhooks.token`. */
const PRESETS: Record<WebhooksConfig['presets'][number], MappingConfig> = {
  github: {
    id: 'github',
    match: { path: 'github' },
    scheme: 'github',
    action: 'agent',
    wakeMode: 'now',
    name: 'GitHub',
    sessionKey: 'github-{{repository.full_name}}',
    messageTemplate: `GitHub: {{headers.x-github-event}} {{action}} in {{repository.full_name}} by {{sender.login}}
{{issue.title}}{{pull_request.title}}{{release.name}}{{head_commit.message}}
{{comment.body}}{{review.body}}
{{issue.html_url}}{{pull_request.html_url}}{{release.html_url}}{{compare}}`,
    deliver: false,
    timeoutSeconds: 300
  },
  gmail: {
    id: 'gmail',
    match: { path: 'gmail' },
    scheme: 'bearer',
    action: 'agent',
    wakeMode: 'now',
    name: 'Gmail',
    sessionKey: 'gmail-{{message.data.emailAddress}}{{messages[0].id}}',
    messageTemplate: `New mail. {{message.data.emailAddress}} {{message.data.historyId}}
{{messages[0].from}}
{{messages[0].subject}}
{{messages[0].snippet}}
{{messages[0].body}}`,
    deliver: false,
    timeoutSeconds: 300
  }
}

/** A mapping with the place in the configuration where it stands. */
export interface PlacedMapping {
  mapping: MappingConfig
  path: string
}

/** The mappings of a configuration in their order, those of its presets last. */
export const allMappings = ({ mappings, presets }: WebhooksConfig): PlacedMapping[] => [
  ...mappings.map((mapping, index) => ({ mapping, path: `webhooks.mappings.${index}` })),
  ...presets.map((name, index) => ({ mapping: PRESETS[name], path: `webhooks.presets.${index}` }))
]
