import './polyfills.ts';
import '../styles/base.css';
import { mount } from 'svelte';
import { openWebSocket } from '../client/transport.ts';
import { Studio } from '../state/studio.svelte.ts';
import App from './App.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('The page has no #app.');
const studio = new Studio(() => openWebSocket(window.location), window.localStorage);
mount(App, { target, props: { studio } });
void studio.connection.connect();
