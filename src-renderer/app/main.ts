import './polyfills.ts';
import '../styles/base.css';
import { mount } from 'svelte';
import { desktopTransports } from '../client/desktop-transport.ts';
import { openWebSocket } from '../client/transport.ts';
import { desktopOf } from '../state/desktop.svelte.ts';
import { Studio } from '../state/studio.svelte.ts';
import App from './App.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('The page has no #app.');
const desktop = desktopOf(window);
const open = desktop === null ? () => openWebSocket(window.location) : desktopTransports(desktop.bridge);
const studio = new Studio(open, window.localStorage, desktop, window.sessionStorage);
mount(App, { target, props: { studio } });
void studio.connection.connect();
