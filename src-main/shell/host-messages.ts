/** What the shell and the host process that it starts say to each other; all else goes over the host's own server. */
export interface HostStart {
  readonly type: 'start';
  /** Folder with `models/` and `resources/`. */
  readonly root: string;
  /** Folder of the built window, for browsers that are let in. */
  readonly rendererFolder: string;
  readonly version: string;
  readonly token: string;
}
export type ToHost = HostStart | { readonly type: 'stop' };

export type FromHost =
  { readonly type: 'ready'; readonly port: number } | { readonly type: 'failed'; readonly message: string };
