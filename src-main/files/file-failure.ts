/** What keeps a file from being written, where the user can do something about it. */
export type FileFailure = 'disk-full' | 'read-only' | 'in-use';

/**
 * What an error of the file system comes down to; undefined for everything else. The words are the caller's, who knows
 * what was being written and what is still there.
 */
export function fileFailureOf(error: unknown, platform = process.platform): FileFailure | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'disk-full';
    case 'EBUSY':
    case 'ETXTBSY':
      return 'in-use';
    case 'EPERM':
      // Windows gives this for a file that another program has open, such as a film in a player.
      return platform === 'win32' ? 'in-use' : 'read-only';
    case 'EACCES':
    case 'EROFS':
      return 'read-only';
    default:
      return undefined;
  }
}
