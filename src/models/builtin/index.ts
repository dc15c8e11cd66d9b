import { GatewayError } from '../../errors.ts'
import type { ProviderType } from '../provider-type.ts'
import { echo } from './echo.ts'
import { recall } from './recall.ts'

const MODELS = { recall, echo }

/** The models that need nothing: `recall`, which serves when no provider was found, and `echo`. */
export const builtin: ProviderType = {
  usualModel: 'recall',
  create: () => ({
    stream(request, signal) {
      if (!isModel(request.model)) {
        throw new GatewayError('model_not_found', `There is no model "builtin/${request.model}"`, { param: 'model' })
      }
      return MODELS[request.model](request, signal)
    },
    list: async () => Object.keys(MODELS).map((id) => ({ id }))
  })
}

const isModel = (name: string): name is keyof typeof MODELS => Object.hasOwn(MODELS, name)
