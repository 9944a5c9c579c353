import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { workloadIdentity } from './workload-identity.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azure-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

describe('a workload identity', () => {
  it('is read anew for each request, from where Kubernetes writes it', async () => {
    const file = join(folder, 'token')
    vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', file)
    const { assertion } = workloadIdentity()
    await writeFile(file, 'first\n')
    expect(await assertion()).toBe('first')
    await writeFile(file, 'second\n')
    expect(await assertion()).toBe('second')
    expect(await workloadIdentity({ tokenFile: file }).assertion()).toBe('second')
  })

  it('without a token is an outage, and without a file a mistake', async () => {
    const tokenFile = join(folder, 'empty')
    await expect(workloadIdentity({ tokenFile }).assertion()).rejects.toThrow()
    await writeFile(tokenFile, ' \n')
    await expect(workloadIdentity({ tokenFile }).assertion()).rejects.toThrow(/empty/)
    vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', '')
    expect(() => workloadIdentity()).toThrow(/tokenFile.*AZURE_FEDERATED_TOKEN_FILE/)
  })
})
