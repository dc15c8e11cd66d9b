import Type from 'typebox'
import { LOG_LEVELS } from '../../../../src/log-levels.ts'
import { defineMethod, type RpcMethod } from '../../method.ts'

/** For a gateway that is a process of its own: an application's log is the application's. */
export const setLogLevel = (log: { level: string }): RpcMethod =>
  defineMethod({
    name: 'daemon.setLogLevel',
    scope: 'admin',
    summary: 'Log more or less, until the next start',
    params: Type.Object({ level: Type.Enum([...LOG_LEVELS]) }),
    result: Type.Object({ level: Type.String(), before: Type.String() }),
    handler({ level }) {
      const before = log.level
      log.level = level
      return { level, before }
    }
  })
