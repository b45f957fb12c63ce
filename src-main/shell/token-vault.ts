import { safeStorage } from 'electron';

const SEALED = 'sealed:';
const PLAIN = 'plain:';

/** A host's token for the settings file: sealed by the system's key ring where there is one. */
export function sealToken(token: string): string {
  if (!safeStorage.isEncryptionAvailable()) return PLAIN + token;
  return SEALED + safeStorage.encryptString(token).toString('base64');
}

/** Undefined when it was sealed by a key ring that is no longer there. */
export function openToken(stored: string): string | undefined {
  if (stored.startsWith(PLAIN)) return stored.slice(PLAIN.length);
  if (!stored.startsWith(SEALED)) return undefined;
  try {
    return safeStorage.decryptString(Buffer.from(stored.slice(SEALED.length), 'base64'));
  } catch {
    return undefined;
  }
}
