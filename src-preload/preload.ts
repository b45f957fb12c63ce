import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { CHANNELS, type DesktopBridge } from '../src-shared/contract/desktop-bridge.ts';

/** The bridge of a desktop window. It passes values on; the shell checks every one of them, and who sends it. */
const bridge: DesktopBridge = {
  platform: process.platform,
  request: (name, params) => ipcRenderer.invoke(CHANNELS.request, name, params),
  send: (connection, text) => ipcRenderer.send(CHANNELS.send, connection, text),
  disconnect: (connection) => ipcRenderer.send(CHANNELS.disconnect, connection),
  onMessage: (listener) => listen(CHANNELS.message, listener),
  onClosed: (listener) => listen(CHANNELS.closed, listener),
  onAction: (listener) => listen(CHANNELS.action, listener),
  onOpenFile: (listener) => listen(CHANNELS.openFile, listener),
  pathOf: (file) => {
    // Before Electron 32 the path was a property of the file itself.
    const old = (file as { readonly path?: string }).path;
    return old ?? webUtils?.getPathForFile(file as never) ?? '';
  },
};

/** The event itself stays here: it would hand the page the whole of ipcRenderer. */
function listen<Values extends unknown[]>(channel: string, listener: (...values: Values) => void): void {
  ipcRenderer.removeAllListeners(channel);
  ipcRenderer.on(channel, (_event, ...values) => listener(...(values as Values)));
}

contextBridge.exposeInMainWorld('inbetween', bridge);
