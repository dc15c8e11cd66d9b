import type { Catalog } from './catalog.ts'

/** A catalog in whose place another can be put while others hold it. */
export interface LiveCatalog extends Catalog {
  replace(next: Catalog): void
}

/** @param first the catalog that answers until another is put in its place */
export function liveCatalog(first: Catalog): LiveCatalog {
  let current = first
  return {
    get providers() {
      return current.providers
    },
    get: (providerId, model) => current.get(providerId, model),
    named: (name) => current.named(name),
    find: (name) => current.find(name),
    usual: (providerId) => current.usual(providerId),
    priceOf: (providerId, model) => current.priceOf(providerId, model),
    list: () => current.list(),
    gate: (providerId) => current.gate(providerId),
    lists: (providerId, model) => current.lists(providerId, model),
    replace: (next) => void (current = next)
  }
}
