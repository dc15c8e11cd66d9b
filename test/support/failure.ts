import { APIError } from 'openai'

/** The error that an answer of OpenAI's client fails with. */
export async function failureOf(work: Promise<unknown>): Promise<APIError> {
  try {
    await work
  } catch (error) {
    if (error instanceof APIError) return error
    throw error
  }
  throw new Error('expected a failure')
}
