import { z } from 'zod';
import { ASSET_PATH, UPLOAD_PATH } from '../../src-shared/contract/protocol.ts';
import { assetInfo, type AssetInfo } from '../../src-shared/contract/values.ts';
import { AppError, type ErrorCode } from '../../src-shared/kernel/errors.ts';

/**
 * Sends a picture or a sound of this machine to the host, into an open project.
 * @throws {AppError} what the host says, or that it cannot be reached
 */
export function uploadAsset(project: string, file: File): Promise<AssetInfo> {
  return send(ASSET_PATH, { project, name: file.name }, file, assetInfo);
}

/**
 * Sends a project or an export of this machine to the host.
 * @returns its path there
 * @throws {AppError} what the host says, or that it cannot be reached
 */
export async function uploadFile(file: File): Promise<string> {
  const received = await send(UPLOAD_PATH, { name: file.name }, file, z.object({ file: z.string() }));
  return received.file;
}

async function send<Answer>(
  path: string,
  query: Readonly<Record<string, string>>,
  file: File,
  schema: z.ZodType<Answer>,
): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`${path}?${new URLSearchParams(query).toString()}`, {
      method: 'POST',
      body: file,
    });
  } catch (error) {
    throw new AppError(
      'engine-failed',
      `${file.name} could not be sent to the host: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return schema.parse(answer);
  const { code, message } = (answer ?? {}) as { code?: ErrorCode; message?: string };
  throw new AppError(code ?? 'engine-failed', message ?? `The host answered with status ${response.status}.`);
}
