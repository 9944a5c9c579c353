import { describe, expect, it } from 'vitest'
import { scopeHierarchy } from './scope-hierarchy.ts'

const files = scopeHierarchy({ files: ['files:write', 'mail'], 'files:write': ['files:read'] })

describe('a hierarchy of scopes', () => {
  it('expands with all that is implied, however far, each once and what was given first', () => {
    expect(files.expand(['other', 'files'])).toEqual(['other', 'files', 'files:write', 'files:read', 'mail'])
    expect(files.expand(['files:read', 'files:write'])).toEqual(['files:read', 'files:write'])
    expect(files.expand(['files:read'])).toEqual(['files:read'])
    expect(files.expand(['constructor', '__proto__'])).toEqual(['constructor', '__proto__'])
  })

  it('reduces to what implies the rest', () => {
    expect(files.reduce(['files:read', 'files', 'mail', 'other'])).toEqual(['files', 'other'])
    expect(files.reduce(['mail', 'files:read', 'mail'])).toEqual(['mail', 'files:read'])
  })

  it('misses only what is neither named nor implied', () => {
    expect(files.missing(['files:read', 'mail', 'other'], ['files'])).toEqual(['other'])
    expect(files.missing(['files'], ['files:write', 'files:read'])).toEqual(['files'])
  })

  it('has in common what both name or imply', () => {
    expect(files.common(['files:read'], ['files'])).toEqual(['files:read'])
    expect(files.common(['files'], ['files:write', 'other'])).toEqual(['files:write', 'files:read'])
    expect(files.common(['other'], ['files'])).toEqual([])
  })

  it('leaves of what may not pass the part that may', () => {
    const may = (scope: string) => scope !== 'files'
    expect(files.allowed(['files', 'other'], may)).toEqual(['other', 'files:write', 'mail'])
    expect(files.allowed(['mail', 'files'], may)).toEqual(['mail', 'files:write'])
    expect(files.allowed(['files'], () => true)).toEqual(['files'])
    expect(files.allowed(['files'], () => false)).toEqual([])
  })

  it('without any implication compares by character', () => {
    const flat = scopeHierarchy()
    expect(flat.expand(['b', 'a', 'b'])).toEqual(['b', 'a'])
    expect(flat.reduce(['b', 'a'])).toEqual(['b', 'a'])
    expect(flat.missing(['files:read', 'mail'], ['mail', 'files'])).toEqual(['files:read'])
    expect(flat.common(['a', 'b', 'c'], ['c', 'b'])).toEqual(['b', 'c'])
  })
})
