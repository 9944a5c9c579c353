import { ConfigurationError, checkCall, environment } from '@drawbridge/core/provider'
import type { FederatedCredential } from './managed-identity.ts'

/** Options of {@link workloadIdentity}. */
export interface WorkloadIdentityOptions {
  /** A file with the token, which whoever runs the server renews. Default: the variable `AZURE_FEDERATED_TOKEN_FILE`. */
  tokenFile?: string | undefined
}

/** Of Microsoft Entra Workload ID, and not one of ours. */
const variable = 'AZURE_FEDERATED_TOKEN_FILE'

/** Of `node:fs/promises`, without an import: the package runs where there are no files, too. */
type ReadFile = (path: string, encoding: 'utf8') => Promise<string>

/**
 * A token in a file as the app's credential, in place of a secret: what Kubernetes writes with Microsoft Entra Workload ID,
 * and what others do for federated credentials. It is read anew for each request.
 * https://learn.microsoft.com/entra/workload-id/workload-identity-federation
 *
 * @throws {ConfigurationError} where no file is named, and where there are no files
 * @example
 * ```ts
 * const provider = azure({ clientAuth: workloadIdentity() })
 * ```
 */
export function workloadIdentity(options: WorkloadIdentityOptions = {}): FederatedCredential {
  checkCall<WorkloadIdentityOptions>('workloadIdentity({ tokenFile })', options, { tokenFile: 'text' })
  const tokenFile = options.tokenFile ?? environment(variable)
  if (!tokenFile) {
    throw new ConfigurationError(
      'tokenFile',
      'is missing',
      'Pass the path of the file, or set AZURE_FEDERATED_TOKEN_FILE, which Microsoft Entra Workload ID does in a labelled pod.',
    )
  }
  const readFile = fileReader()
  return {
    method: 'assertion',
    async assertion() {
      const token = (await readFile(tokenFile, 'utf8')).trim()
      if (token === '') throw new Error('the file with the federated token is empty')
      return token
    },
  }
}

function fileReader(): ReadFile {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): { readFile: ReadFile } | undefined }
  }
  const files = process?.getBuiltinModule?.('node:fs/promises')
  if (files) return files.readFile
  throw new ConfigurationError(
    'clientAuth',
    'is workloadIdentity(), and this runtime has no files',
    "Pass { method: 'assertion', assertion } with a function that fetches the token.",
  )
}
