import { ConfigError } from '../config/error.ts'
import type { Config } from '../config/schema.ts'
import type { Catalog } from '../models/catalog.ts'
import { allMappings } from './presets.ts'

/**
 * Looks for the models that mappings name in the catalog of the same configuration.
 * @throws ConfigError with the path of each that is not there
 */
export function refuseUnknownModels({ webhooks }: Pick<Config, 'webhooks'>, catalog: Pick<Catalog, 'named'>): void {
  const issues = allMappings(webhooks).flatMap(({ mapping: { model }, path }) =>
    model === undefined || has(catalog, model)
      ? []
      : [{ path: `${path}.model`, message: `there is no model "${model}"` }]
  )
  if (issues.length > 0) throw new ConfigError(issues)
}

function has(catalog: Pick<Catalog, 'named'>, model: string): boolean {
  try {
    catalog.named(model)
    return true
  } catch {
    return false
  }
}
