/** Raised when a message changes its meaning; a window and a host of different protocols refuse each other. */
export const PROTOCOL_VERSION = 1;

/** The longest message that a host reads, in UTF-16 code units: a document of 100,000 keyframes fits. */
export const MAX_MESSAGE_LENGTH = 32 * 1024 * 1024;

/** Requests that one connection may have under way. */
export const MAX_REQUESTS_IN_FLIGHT = 256;

/** The subprotocol of WebSockets; a browser that cannot send headers adds a second one, `bearer.` + token. */
export const WEB_SOCKET_PROTOCOL = 'inbetween.1';
export const BEARER_PROTOCOL_PREFIX = 'bearer.';

/** Where a host listens for WebSockets, and where it serves pictures: `/blob/<id>`, with `?width=` as a thumbnail. */
export const RPC_PATH = '/rpc';
export const BLOB_PATH = '/blob/';
/** `POST /asset?project=ID&name=NAME` with a picture as the body: answers with the JSON of an imported picture. */
export const ASSET_PATH = '/asset';
/**
 * `POST /upload?name=NAME` with a file as the body, for what is dropped into a window on another machine: answers with
 * `{"file"}`, a path on the host. A project stays in the projects' folder, anything else for as long as the host runs.
 */
export const UPLOAD_PATH = '/upload';
/** `/download/<job>`: the file that an export without a path of its own has made. */
export const DOWNLOAD_PATH = '/download/';

/** Widths of thumbnails, pixels; anything else is refused, so that a cache of them stays small. */
export const THUMBNAIL_WIDTHS = [64, 96, 128, 192, 256, 384, 512] as const;

/** All of the host's paths besides messages and the window; those that end in a slash with whatever follows. */
export const HOST_PATHS: readonly string[] = [BLOB_PATH, ASSET_PATH, UPLOAD_PATH, DOWNLOAD_PATH];
