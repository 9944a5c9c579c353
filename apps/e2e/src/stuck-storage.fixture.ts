import { memory, type Storage } from '@drawbridge/core'

/** A store that cannot delete what `stuck` names, while it names something. */
export function stuckStorage() {
  const inner = memory()
  const state: { stuck: string | undefined } = { stuck: undefined }
  const storage: Storage = {
    ...inner,
    async delete(key, options) {
      if (key === state.stuck) throw new Error('out')
      return inner.delete(key, options)
    },
  }
  return { inner, state, storage }
}
