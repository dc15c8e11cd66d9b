import type { JsonObject } from './wire.ts'

const MODELS = ['words', 'slow', 'tool']
const CREATED = Date.UTC(2025, 0, 1)

export function openaiModels(): JsonObject {
  const data = MODELS.map((id) => ({ id, object: 'model', created: CREATED / 1000, owned_by: 'upstream' }))
  return { object: 'list', data }
}

export function anthropicModels(): JsonObject {
  const created = new Date(CREATED).toISOString()
  const data = MODELS.map((id) => ({ type: 'model', id, display_name: id, created_at: created }))
  return { data, has_more: false, first_id: MODELS.at(0), last_id: MODELS.at(-1) }
}

export function geminiModels(): JsonObject {
  const models = MODELS.map((id) => ({ name: `models/${id}`, supportedGenerationMethods: ['generateContent'] }))
  return { models }
}
