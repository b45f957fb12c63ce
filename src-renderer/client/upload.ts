import { ASSET_PATH } from '../../src-shared/contract/protocol.ts';
import { assetInfo, type AssetInfo } from '../../src-shared/contract/values.ts';
import { AppError, type ErrorCode } from '../../src-shared/kernel/errors.ts';

/**
 * Sends a picture or a sound of this machine to the host, into an open project.
 * @throws {AppError} what the host says, or that it cannot be reached
 */
export async function uploadAsset(project: string, file: File): Promise<AssetInfo> {
  const query = new URLSearchParams({ project, name: file.name });
  let response: Response;
  try {
    response = await fetch(`${ASSET_PATH}?${query.toString()}`, { method: 'POST', body: file });
  } catch (error) {
    throw new AppError(
      'engine-failed',
      `${file.name} could not be sent to the host: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return assetInfo.parse(answer);
  const { code, message } = (answer ?? {}) as { code?: ErrorCode; message?: string };
  throw new AppError(code ?? 'engine-failed', message ?? `The host answered with status ${response.status}.`);
}
