/** The dashboard's own address, under whatever prefix of a host or a proxy: it ends with a slash. */
export const BASE = new URL('.', document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href ?? location.href)

/** The gateway's own address. */
export const GATEWAY = new URL('..', BASE)

/** The storage belongs to the whole origin, and a host application may hold several gateways. */
const prefix = `comis-gateway:${GATEWAY.pathname}:`

/** A value that is kept until the tab is closed. */
export const tabStorage = keptIn(sessionStorage)
/** A value that is kept in this browser. */
export const browserStorage = keptIn(localStorage)

function keptIn(storage: Storage) {
  return {
    get: (name: string) => storage.getItem(prefix + name) ?? undefined,
    set(name: string, value: string | undefined) {
      if (value === undefined) storage.removeItem(prefix + name)
      else storage.setItem(prefix + name, value)
    }
  }
}
