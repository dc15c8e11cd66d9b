import Type, { type Static, type TObject, type TProperties } from 'typebox'

const text = Type.String()
const count = Type.Integer({ minimum: 0 })
const optional = <T extends TProperties>(properties: T) => Type.Partial(Type.Object(properties)).properties

/** Where an event happened; a reader can ask for those of one agent or one session. */
const where = optional({ agentId: text, sessionKey: text, clientId: text })
const ofTurn = { turnId: text, ...where }
const ofSession = { sessionKey: text, ...optional({ agentId: text, clientId: text }) }
const ofDelivery = { deliveryId: text, mapping: text, ...where }
const subAgent = { subAgentId: text, ...optional({ task: text, reason: text }), ...where }
const event = <T extends TProperties>(description: string, properties: T) => Type.Object(properties, { description })

/** Every event there is: its payload by its type. What is sent, kept and published in the OpenAPI document is this. */
export const EVENTS = {
  'message:received': event(
    'A message came in. It starts a turn, or came by `POST /hooks/webhook`: then there is no `turnId`, and `source` and `event` tell what it is. `text` is there for what is kept.',
    {
      ...optional({ turnId: text, deliveryId: text }),
      ...where,
      ...optional({ text, truncated: Type.Boolean(), length: count, source: text, event: text })
    }
  ),
  'message:sent': event('A turn ended with an answer. `text` is there for turns that are kept.', {
    ...ofTurn,
    ...optional({ text, truncated: Type.Boolean(), length: count }),
    finishReason: text
  }),
  'message:streaming': event('A piece of an answer, as it comes. Live only: it has no id and is not kept.', {
    ...ofTurn,
    delta: text
  }),

  'webhook:received': event('A delivery came, and is kept.', {
    ...ofDelivery,
    senderId: Type.String({ description: 'What its sender calls it.' }),
    bytes: count
  }),
  'webhook:started': event('An attempt began: its turn, or the sending of its answer.', {
    ...ofDelivery,
    attempt: count,
    sending: Type.Boolean(),
    turnId: text
  }),
  'webhook:held': event('A text is kept for the agent’s next turn.', ofDelivery),
  'webhook:completed': event('All that a delivery asked for is done.', {
    ...ofDelivery,
    ...optional({
      turnId: text,
      reason: Type.String({ description: 'Why nothing was sent, although an answer was to be.' })
    })
  }),
  'webhook:retrying': event('An attempt failed; there will be another.', {
    ...ofDelivery,
    attempt: count,
    reason: text,
    dueAt: Type.Integer({ description: 'When, in milliseconds since the epoch.' })
  }),
  'webhook:dead': event('A delivery failed for good. An operator can replay it.', {
    ...ofDelivery,
    attempt: count,
    reason: text
  }),
  'webhook:replayed': event('An operator had a delivery started again.', { ...ofDelivery, by: text }),
  'webhook:discarded': event('An operator ended a delivery.', { ...ofDelivery, by: text }),

  'session:created': event('The first message of a session.', ofSession),
  'session:expired': event('A session was idle for too long: its next message starts a new conversation.', {
    ...ofSession,
    idleMinutes: Type.Number()
  }),
  'session:sub_agent_spawned': event('An agent started another.', subAgent),
  'session:sub_agent_completed': event('A sub-agent has done its task.', subAgent),
  'session:sub_agent_archived': event('The session of a sub-agent was put away.', subAgent),
  'session:sub_agent_spawn_rejected': event('A sub-agent was refused.', subAgent),
  'session:sub_agent_spawn_started': event('A sub-agent is being started.', subAgent),
  'session:sub_agent_spawn_queued': event('A sub-agent waits for its start.', subAgent),
  'session:sub_agent_lifecycle_ended': event('A sub-agent is gone.', subAgent),

  'audit:event': event('Someone did something that is worth keeping.', {
    action: text,
    outcome: text,
    ...optional({ subject: text, reason: text, by: text, address: text, message: text }),
    count: Type.Optional(Type.Integer({ minimum: 1, description: 'How often, where repetitions are told together.' })),
    ...where
  }),
  'security:injection_detected': event('A text tries to give orders to an agent.', { source: text, ...where }),
  'security:injection_rate_exceeded': event('Too many such texts came from one source.', { source: text, ...where }),
  'security:memory_tainted': event('What was remembered comes from a source that is not trusted.', {
    memoryId: text,
    ...where
  }),
  'security:warn': event('Requests were refused. What repeats within ten seconds is told once, with a count.', {
    reason: Type.Enum([
      'invalid_token',
      'insufficient_scope',
      'rate_limited',
      'host_refused',
      'origin_refused',
      'invalid_signature',
      'other'
    ]),
    count,
    ...optional({ address: text, path: text, message: text }),
    ...where
  }),
  'secret:accessed': event('A secret was read.', { name: text, ...where }),
  'secret:modified': event('A secret was changed.', { name: text, ...where }),

  'skill:executed': event('A skill was run.', { skill: text, ...where, durationMs: Type.Optional(Type.Number()) }),
  'skill:rejected': event('A skill was not run.', { skill: text, reason: text, ...where }),
  'skill:loaded': event('A skill is there.', { skill: text, ...where }),
  'skill:registry_reset': event('All skills were loaded again.', where),

  'observability:metrics': event('How the process is, once a minute.', {
    rssBytes: count,
    heapUsedBytes: count,
    eventLoopDelayMs: Type.Number({ description: 'Its 99th percentile over the minute.' }),
    runningTurns: count,
    eventReaders: count
  }),
  'observability:token_usage': event('What a turn used.', {
    ...ofTurn,
    provider: text,
    model: text,
    input: count,
    output: count,
    total: count,
    ...optional({
      cachedInput: count,
      reasoning: count,
      estimated: Type.Integer({
        minimum: 0,
        description: 'Of these, tokens that no provider told: a call was broken off.'
      })
    }),
    costUsd: Type.Optional(Type.Number({ description: 'Where the price of the model is configured.' })),
    durationMs: Type.Number(),
    finishReason: text
  }),
  'observability:budget': event('Four fifths of a budget are used up, or all of it; each is told once in a period.', {
    budget: Type.String({ description: '`client:<id>`, or `group:<name>` for one that is shared.' }),
    percent: Type.Integer({ description: 'What was reached: 80 or 100.' }),
    ...optional({ usd: Type.Number(), tokens: count }),
    per: Type.Enum(['day', 'week', 'month']),
    spent: Type.Number({ description: 'In US dollars or tokens, as the budget is.' }),
    left: Type.Number(),
    resetsAt: Type.Integer({ description: 'Milliseconds since the epoch.' }),
    ...where
  }),
  'observability:reset': event('Counts were set back.', { ...optional({ by: text }) }),

  'scheduler:job_started': event('A job began.', { jobId: text, ...where }),
  'scheduler:job_completed': event('A job ended.', { jobId: text, outcome: text, ...where }),
  'scheduler:heartbeat_check': event('An agent was asked whether it has something to do.', where),
  'scheduler:heartbeat_delivered': event('An agent had something to say.', where),
  'scheduler:heartbeat_alert': event('A heartbeat failed.', { message: text, ...where }),
  'approval:requested': event('An agent asks whether it may.', { approvalId: text, action: text, ...where }),
  'approval:resolved': event('It was answered.', { approvalId: text, approved: Type.Boolean(), ...where }),
  'graph:started': event('A graph of tasks began.', { graphId: text, runId: text, ...where }),
  'graph:node_updated': event('A task of a graph went on.', { graphId: text, runId: text, nodeId: text, status: text }),
  'graph:completed': event('A graph of tasks ended.', { graphId: text, runId: text, outcome: text, ...where }),

  'config:patched': event('The configuration changed.', {
    source: Type.Enum(['start', 'patch', 'rollback'], { description: '`start`: since the process ran before.' }),
    paths: Type.Array(text, { description: 'The keys that differ. Values are not told.' }),
    ...where
  }),
  'diagnostic:channel_health': event('How a channel is.', { type: text, status: text, ...optional({ message: text }) }),
  'diagnostic:billing_snapshot': event('What was spent up to now; told when counts are set back.', {
    costUsd: Type.Number({ description: 'Of the models that have a price.' }),
    tokens: count,
    ...where
  }),

  'model:catalog_loaded': event('A provider told which models it has.', { provider: text, models: count }),
  'model:fallback_attempt': event('A model failed and the next one is tried.', {
    from: text,
    to: text,
    reason: Type.String({
      description:
        'The code of the failure; or why it was not called at all: `circuit_open`, `auth_cooldown`, `rate_limited`.'
    }),
    ...optional({ turnId: text }),
    ...where
  }),
  'model:fallback_exhausted': event('A model and all its alternatives failed.', {
    model: text,
    reason: Type.String({ description: 'The code of the failure that the client is told.' }),
    ...optional({ turnId: text }),
    ...where
  }),
  'model:context_trimmed': event(
    'A conversation did not fit in a model’s window, and the oldest of its messages were left out. Told once in a turn.',
    {
      model: text,
      contextWindow: Type.Integer({ description: 'Tokens, as the configuration has it.' }),
      dropped: Type.Integer({ description: 'Messages that were left out.' }),
      kept: Type.Integer({ description: 'Messages that the model was given.' }),
      ...optional({ turnId: text }),
      ...where
    }
  ),
  'model:auth_cooldown': event('A provider refuses the credentials and is left alone for a while.', {
    provider: text,
    untilMs: Type.Integer()
  }),
  'provider:degraded': event('Calls of a provider fail.', { provider: text, reason: text, message: text }),
  'provider:recovered': event('Calls of a provider work again.', { provider: text, degradedMs: Type.Number() }),

  'agent:hot_added': event('An agent was added to the running gateway.', { agentId: text }),
  'agent:hot_removed': event('An agent was taken out of the running gateway.', { agentId: text }),
  'agent:steps_dropped': event(
    'A turn ended with calls of its client’s tools, and what the agent did before is too long to be kept for the request that brings their results.',
    {
      ...ofTurn,
      size: Type.Integer({ description: 'Characters.' }),
      limit: Type.Integer({ description: 'Characters that are kept at most.' })
    }
  ),
  'channel:registered': event('A channel is there.', { type: text, name: text }),
  'channel:deregistered': event('A channel is gone.', { type: text, name: text }),
  'system:error': event('Something failed. The message is the one that clients are told.', {
    source: Type.Enum(['turn', 'http', 'memory', 'storage', 'other']),
    code: text,
    message: text,
    ...optional({ turnId: text, requestId: text }),
    ...where
  })
} as const satisfies Record<string, TObject>

export type EventType = keyof typeof EVENTS
export type EventPayload<T extends EventType> = Static<(typeof EVENTS)[T]>

/** Events of so high a volume that they are sent to those who look on, and neither kept nor numbered. */
export type LiveOnly = 'message:streaming'

export const isEventType = (type: string): type is EventType => Object.hasOwn(EVENTS, type)
