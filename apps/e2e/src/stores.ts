import type { Storage } from '@drawbridge/core'
import { sqlite } from '@drawbridge/sqlite'

/** A store that processes can share, by where it is. */
export interface StoreAddress {
  kind: 'sqlite'
  path: string
}

export async function openStorage(store: StoreAddress): Promise<Storage> {
  return sqlite({ path: store.path })
}
