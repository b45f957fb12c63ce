import { z } from 'zod';

/**
 * Between a desktop window and its shell: what a page cannot do itself. Everything that the studio knows comes from
 * the host by the contract's messages, which the shell only passes on.
 */

const path = z.string().min(1).max(4096);
/** Name and endings (without a dot) of files that a dialog shows. */
const fileFilter = z.strictObject({
  name: z.string().max(100),
  endings: z
    .array(z.string().regex(/^[a-z0-9]{1,12}$/))
    .min(1)
    .max(20)
    .readonly(),
});

/** The application menu, made from the window's table of actions. */
const menuItem = z.strictObject({
  id: z.string().max(100),
  label: z.string().max(200),
  group: z.string().max(50),
  /** `Mod+Shift+Z`, as the action table writes it; empty when it has none. */
  keys: z.string().max(50),
  enabled: z.boolean(),
});
const recentItem = z.strictObject({ file: path, label: z.string().max(200) });
const menu = z.strictObject({
  items: z.array(menuItem).max(500).readonly(),
  recent: z.array(recentItem).max(20).readonly(),
});

/** Where the host of the window is: started by the shell, or reached by address and token. */
const hostChoice = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('local') }),
  z.strictObject({
    kind: z.literal('remote'),
    /** As the user wrote it; host-address.ts reads it. */
    address: z.string().max(2048),
    token: z.string().max(512),
  }),
]);

/** Requests of the window to the shell, by name: their one parameter. */
export const DESKTOP_REQUESTS = {
  /** Opens the connection to the host; messages follow as `message` events with its number. */
  'host.connect': z.strictObject({}),
  /** Which host the window is (to be) connected to, without its token. */
  'host.choice': z.strictObject({}),
  /** Tries the host and, when it answers, keeps it as the choice. */
  'host.choose': hostChoice,
  /** What the window finds when it has started. */
  'shell.start': z.strictObject({}),
  'dialog.open': z.strictObject({
    title: z.string().max(200),
    filters: z.array(fileFilter).max(20).readonly(),
    kind: z.enum(['file', 'folder']),
  }),
  'dialog.save': z.strictObject({
    title: z.string().max(200),
    /** Name to propose. */
    name: z.string().max(255),
    filters: z.array(fileFilter).max(20).readonly(),
  }),
  /** Shows a file of this machine in its folder. */
  reveal: z.strictObject({ file: path }),
  'menu.set': menu,
  /** The taskbar's progress, 0..1; null for none. */
  progress: z.strictObject({ fraction: z.number().min(0).max(1).nullable() }),
  /** Tells the user of something that ended, unless the window has the focus. */
  notify: z.strictObject({ title: z.string().max(200), body: z.string().max(1000) }),
  /** A project was opened: for the system's list of recent documents. */
  opened: z.strictObject({ file: path }),
} as const;

export type DesktopRequest = keyof typeof DESKTOP_REQUESTS;
export type DesktopParams<Name extends DesktopRequest> = z.input<(typeof DESKTOP_REQUESTS)[Name]>;
export type FileFilter = z.infer<typeof fileFilter>;
export type MenuItem = z.infer<typeof menuItem>;
export type DesktopMenu = z.infer<typeof menu>;
export type HostChoice = z.infer<typeof hostChoice>;
/** What the window may know of the choice. */
export type ChosenHost = { readonly kind: 'local' } | { readonly kind: 'remote'; readonly address: string };

/** What a request answers; failures are values, since errors lose their message on the way between processes. */
export type DesktopAnswer<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

export interface DesktopResults {
  /** Number of the connection. */
  'host.connect': number;
  'host.choice': ChosenHost;
  'host.choose': ChosenHost;
  /** A file that the system asks to open, and why the shell's settings could not be used ('' when they could). */
  'shell.start': { readonly file: string | null; readonly problem: string };
  /** Null when the user has cancelled. */
  'dialog.open': string | null;
  'dialog.save': string | null;
  reveal: null;
  'menu.set': null;
  progress: null;
  notify: null;
  opened: null;
}
