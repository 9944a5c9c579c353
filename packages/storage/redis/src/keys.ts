/**
 * How storage keys are called on Redis. The part that is the owner, or the id where there is no owner, is the hash tag:
 * an entry, its owner's index and the mark of a write are in one slot of a cluster.
 *
 * ```
 * grant/ada/1    drawbridge:grant/{ada}/1      its index: drawbridge:grant/{ada}/
 * client/42      drawbridge:client/{42}
 * ```
 */
export interface KeyNames {
  of(key: string): KeyName
  /** The storage key of an entry; `undefined` for what is no entry of ours. */
  keyOf(name: string): string | undefined
  /** Where to look for the keys that start with this prefix: an owner's index, or everywhere. */
  under(prefix: string): OwnerIndex | EveryKey
}

interface KeyName {
  entry: string
  /** The mark that says: the write with this token has been carried out. */
  mark(token: string): string
  /** The owner's index, and what stands in it for this key. Not for `kind/id`, which has no owner. */
  index?: { name: string; member: string }
}

export interface OwnerIndex {
  index: string
  /** Put in front of a member, the storage key. */
  owner: string
}

export interface EveryKey {
  /** For MATCH of SCAN. Matches all entries with the prefix, and some that have to be sorted out. */
  pattern: string
}

export function keyNames(prefix: string): KeyNames {
  const tagged = (kind: string, tag: string) => `${prefix}${encode(kind)}/{${encode(tag)}}`
  return {
    of(key) {
      const [, kind, tag, member] = /^([^/]*)\/([^/]+)(?:\/(.+))?$/s.exec(key) ?? []
      if (kind === undefined || tag === undefined) {
        throw new TypeError(`redis(): a key is kind/id or kind/owner/id, which "${key}" is not.`)
      }
      const name = tagged(kind, tag)
      const mark = (token: string) => `${prefix}{${encode(tag)}}${token}`
      if (member === undefined) return { entry: name, mark }
      return { entry: `${name}/${member}`, mark, index: { name: `${name}/`, member } }
    },

    keyOf(name) {
      if (!name.startsWith(prefix)) return undefined
      const [, kind, tag, member] = /^([^/]*)\/\{([^}]*)\}(?:\/(.+))?$/s.exec(name.slice(prefix.length)) ?? []
      if (kind === undefined || tag === undefined) return undefined
      const key = `${decode(kind)}/${decode(tag)}`
      return member === undefined ? key : `${key}/${member}`
    },

    under(keyPrefix) {
      const [, kind, tag] = /^([^/]*)\/([^/]+)\//.exec(keyPrefix) ?? []
      if (kind !== undefined && tag !== undefined) {
        return { index: `${tagged(kind, tag)}/`, owner: `${kind}/${tag}/` }
      }
      const [start = '', ...rest] = keyPrefix.split('/')
      const name = rest.length === 0 ? encode(start) : `${encode(start)}/{${encode(rest.join('/'))}`
      return { pattern: `${literally(prefix + name)}*` }
    },
  }
}

/** Braces would end the hash tag, or begin another. */
function encode(text: string): string {
  return text.replace(/[%{}]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
}

function decode(text: string): string {
  return text.replace(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

/** As a pattern that matches this text. */
function literally(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&')
}
