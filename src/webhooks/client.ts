/** The client that a mapping is: its turns and sessions belong to it. No token can have such an id. */
export const clientOfMapping = (id: string): string => `webhook:${id}`
