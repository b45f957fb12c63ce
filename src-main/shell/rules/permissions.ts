import type { Session } from 'electron';

/** Copying text into the clipboard is all that the studio asks for: no camera, microphone, place, device. */
const GRANTED: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_page, permission, answer) => answer(GRANTED.has(permission)));
  session.setPermissionCheckHandler((_page, permission) => GRANTED.has(permission));
  session.setDevicePermissionHandler(() => false);
}
