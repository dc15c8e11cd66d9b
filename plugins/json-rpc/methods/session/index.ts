import { compact } from './compact.ts'
import { deleteSession } from './delete.ts'
import { exportSession } from './export.ts'
import { history } from './history.ts'
import { list } from './list.ts'
import { rename } from './rename.ts'
import { reset } from './reset.ts'
import { search } from './search.ts'
import { send } from './send.ts'
import { status } from './status.ts'

export const session = [compact, deleteSession, exportSession, history, list, rename, reset, search, send, status]
