import { describe, expect, it } from 'vitest'
import { googleScopes } from './scopes.ts'

const prefix = 'https://www.googleapis.com/auth/'

describe('scopes', () => {
  const { toUpstream, fromUpstream, ...lists } = googleScopes([`${prefix}drive.file`, 'drive.file', 'email'])

  it('have one name each, however they are written', () => {
    expect(lists.default).toEqual(['drive.file', 'email'])
  })

  it('are sent in full, but for those of OpenID Connect', () => {
    const ours = ['openid', 'email', 'profile', 'calendar.readonly', 'https://mail.google.com/', 'new.scope']
    expect(toUpstream?.(ours)).toEqual([
      'openid',
      'email',
      'profile',
      `${prefix}calendar.readonly`,
      'https://mail.google.com/',
      `${prefix}new.scope`,
    ])
  })

  it('come back under our names', () => {
    const granted = ['openid', `${prefix}userinfo.email`, `${prefix}userinfo.profile`, `${prefix}drive.file`]
    expect(fromUpstream?.(granted, ['openid'])).toEqual(['openid', 'email', 'profile', 'drive.file'])
  })

  it('come back under the long name, too, where that was asked for', () => {
    const granted = [`${prefix}drive`, `${prefix}userinfo.email`]
    expect(fromUpstream?.(granted, [`${prefix}drive`, 'email'])).toEqual([`${prefix}drive`, 'email'])
    expect(fromUpstream?.(granted, ['drive', `${prefix}drive`])).toEqual(['drive', `${prefix}drive`, 'email'])
  })

  it('that somebody unticked at Google are not granted', () => {
    expect(fromUpstream?.([`${prefix}userinfo.email`], ['email', 'drive'])).toEqual(['email'])
  })
})
