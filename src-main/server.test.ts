import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { type ClientOptions, WebSocket } from 'ws';
import { createClient } from '../src-shared/contract/client.ts';
import { AppError } from '../src-shared/kernel/errors.ts';
import { commandLine } from '../test/support/command-line.ts';
import { type TestFolder, testHost, testServer, tinyDocument } from '../test/support/studio.ts';
import { webSocketTransport } from './rpc/web-socket-transport.ts';
import type { RunningServer } from './server.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** One request as it is given: the path is not tidied up, as a browser would. */
function ask(
  server: RunningServer,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  options: { method?: string; body?: Uint8Array } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port: server.port, path, method: options.method ?? 'GET', headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    call.on('error', reject);
    call.end(options.body);
  });
}

const bearer = ({ token }: RunningServer) => ({ authorization: `Bearer ${token}` });

async function started(context: TestContext, options: Parameters<typeof testServer>[1] = {}) {
  const folder = testHost(context);
  const server = await testServer(folder, { rendererFolder: folder.path('renderer'), ...options });
  folder.onEnd(server.close);
  return { folder, server };
}

/** The status that a WebSocket is answered with; 101 when it is let in. */
function upgrade(server: RunningServer, options: ClientOptions, protocols: string[] = []): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rpc`, protocols, options);
    socket.on('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', () => {});
  });
}

async function client(folder: TestFolder, server: RunningServer) {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rpc`, { headers: bearer(server) });
  const transport = webSocketTransport(socket);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  folder.onEnd(async () => transport.close());
  return createClient(transport, { checkResults: true });
}

describe('who is let in', () => {
  it('is who holds the token, as a header or once in the address', async (context) => {
    const { server } = await started(context);
    const refused = await ask(server, '/');
    assert.equal(refused.status, 401);
    assert.match(refused.body.toString(), /\?token=/, 'the page says what to open');
    assert.equal((await ask(server, '/', { authorization: 'Bearer wrong' })).status, 401);
    assert.equal((await ask(server, `/?token=${server.token}x`)).status, 401);
    assert.equal((await ask(server, '/', bearer(server))).status, 200);

    const first = await ask(server, `/?token=${server.token}&project=a`);
    assert.equal(first.status, 303);
    assert.equal(first.headers.location, '/?project=a', 'the token leaves the address');
    const cookie = String(first.headers['set-cookie']);
    assert.match(cookie, /; HttpOnly; SameSite=Strict; Path=\//);
    assert.ok(!cookie.includes(server.token), 'the cookie does not hold the token');
    const page = await ask(server, '/', { cookie: cookie.split(';')[0] as string });
    assert.equal(page.status, 200);
    assert.match(
      page.body.toString(),
      new RegExp(`${server.origin}`),
      'without a window the page says where it runs',
    );
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    assert.equal(
      (await ask(server, `//evil.example/?token=${server.token}`)).headers.location,
      '/evil.example/',
    );
  });

  it('comes by a name of this host and from a page of its own', async (context) => {
    const { server } = await started(context);
    const known = bearer(server);
    assert.equal((await ask(server, '/', { ...known, host: `localhost:${server.port}` })).status, 200);
    assert.equal((await ask(server, '/', { ...known, host: `[::1]:9999` })).status, 200, 'a forwarded port');
    for (const host of [
      'evil.example',
      `evil.example:${server.port}`,
      '127.0.0.1.evil.example',
      'a@localhost',
    ]) {
      assert.equal((await ask(server, '/', { ...known, host })).status, 421, host);
    }
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${server.port + 1}`, 'file://']) {
      assert.equal((await ask(server, '/', { ...known, origin })).status, 403, origin);
    }
    assert.equal((await ask(server, '/', { ...known, origin: server.origin })).status, 200);
    assert.equal((await ask(server, '/', known, { method: 'DELETE' })).status, 405);
  });

  it('opens WebSockets with a token, or with a cookie from a page of its own', async (context) => {
    const { server } = await started(context);
    const cookie = String((await ask(server, `/?token=${server.token}`)).headers['set-cookie']).split(
      ';',
    )[0] as string;
    const { origin } = server;
    assert.equal(await upgrade(server, {}), 401);
    assert.equal(await upgrade(server, { headers: { authorization: 'Bearer wrong' } }), 401);
    assert.equal(await upgrade(server, { headers: bearer(server) }), 101);
    assert.equal(await upgrade(server, { headers: { cookie }, origin }), 101);
    assert.equal(await upgrade(server, { headers: { cookie } }), 403, 'a cookie needs an origin');
    assert.equal(await upgrade(server, { headers: { cookie }, origin: 'http://evil.example' }), 403);
    assert.equal(await upgrade(server, { headers: bearer(server), origin: 'http://evil.example' }), 403);
    const desktop = ['inbetween.1', `bearer.${server.token}`];
    assert.equal(
      await upgrade(server, { origin: 'studio://app' }, desktop),
      101,
      'a desktop window of elsewhere',
    );
    assert.equal(await upgrade(server, { origin: 'studio://app' }, ['inbetween.1', 'bearer.wrong']), 401);
    assert.equal(await upgrade(server, { headers: { ...bearer(server), host: 'evil.example' } }), 421);
  });

  it('is told clearly what is wrong with a port, an address and a token', async (context) => {
    const { folder, server } = await started(context);
    const refused = (options: Parameters<typeof testServer>[1], message: RegExp) =>
      assert.rejects(testServer(folder, options), (error) => {
        assert.ok(error instanceof AppError && error.code === 'invalid-input', String(error));
        assert.match(error.message, message);
        return true;
      });
    await refused({ port: server.port }, /Port \d+ of 127\.0\.0\.1 is in use.*--port/);
    await refused({ address: '0.0.0.0' }, /a token must be given: --token/);
    await refused({ token: 'short' }, /5 characters/);
    await refused({ token: 'with spaces in it' }, /accepted are/);
    await refused({ address: '203.0.113.7', token: 'long-enough-token' }, /no address of this machine/);
  });
});

describe('what is served', () => {
  it('is pictures by key, for ever the same, and thumbnails', async (context) => {
    const { folder, server } = await started(context);
    const window = await client(folder, server);
    const { project } = await window.call('project.create', {
      file: folder.path('a.inbetween'),
      document: tinyDocument({ length: 2 }),
    });
    const done = new Promise((resolve) => window.on('job.done', resolve));
    const blobs: string[] = [];
    window.on('job.frame', ({ blob }) => void blobs.push(blob));
    await window.call('render.start', { project, range: { from: 0, to: 0 } });
    await done;
    const path = `/blob/${blobs[0]}`;
    assert.equal((await ask(server, path)).status, 401, 'pictures need the token');
    const picture = await ask(server, path, bearer(server));
    assert.equal(picture.status, 200);
    assert.equal(picture.headers['content-type'], 'image/png');
    assert.match(String(picture.headers['cache-control']), /immutable/);
    assert.equal(picture.body.subarray(1, 4).toString(), 'PNG');
    const tag = String(picture.headers.etag);
    assert.equal((await ask(server, path, { ...bearer(server), 'if-none-match': tag })).status, 304);
    const head = await ask(server, path, bearer(server), { method: 'HEAD' });
    assert.deepEqual([head.status, head.body.length], [200, 0]);
    assert.equal(head.headers['content-length'], String(picture.body.length));
    const small = await ask(server, `${path}?width=64`, bearer(server));
    assert.equal(small.headers['content-type'], 'image/webp');
    assert.equal((await ask(server, `${path}?width=65`, bearer(server))).status, 400);
    assert.equal((await ask(server, `/blob/${'0'.repeat(64)}`, bearer(server))).status, 404);
    assert.equal((await ask(server, '/blob/../package.json', bearer(server))).status, 404);

    // A picture comes in the other way and is an asset of the project.
    const upload = await ask(server, `/asset?project=${project}&name=start.png`, bearer(server), {
      method: 'POST',
      body: picture.body,
    });
    assert.equal(upload.status, 200, upload.body.toString());
    const asset = JSON.parse(upload.body.toString()) as { sha256: string };
    assert.deepEqual((await ask(server, `/blob/${asset.sha256}`, bearer(server))).body, picture.body);
    const { assets } = await window.call('project.assets', { project });
    assert.deepEqual(
      assets.map(({ name }) => name),
      ['start.png'],
    );
    const text = { method: 'POST', body: Buffer.from('no picture') };
    const wrong = await ask(server, `/asset?project=${project}&name=a.png`, bearer(server), text);
    assert.equal(wrong.status, 400);
    assert.match(wrong.body.toString(), /invalid-asset/);

    const kept = new Promise<string>((resolve) => window.on('job.done', (event) => resolve(event.job)));
    await window.call('export.start', { project, format: 'gif' });
    const file = await ask(server, `/download/${await kept}`, bearer(server));
    assert.equal(file.headers['content-type'], 'image/gif');
    assert.match(String(file.headers['content-disposition']), /attachment; filename\*=UTF-8''Tiny\.gif/);
    assert.equal(file.body.subarray(0, 6).toString(), 'GIF89a');
  });

  it('takes in projects that can be opened, and keeps nothing of those that cannot', async (context) => {
    const { folder, server } = await started(context);
    const window = await client(folder, server);
    const whole = folder.path('whole.inbetween');
    const { project } = await window.call('project.create', { file: whole, document: tinyDocument() });
    await window.call('project.close', { project });
    const bytes = readFileSync(whole);
    const send = (name: string, body: Uint8Array) =>
      ask(server, `/upload?name=${encodeURIComponent(name)}`, bearer(server), { method: 'POST', body });

    const wordless = folder.path('wordless.inbetween');
    writeFileSync(wordless, bytes);
    const database = new Database(wordless);
    database.prepare("UPDATE document SET json = '{}'").run();
    database.close();
    const altered = Buffer.from(bytes);
    altered.fill(0x55, 100, 8192);
    const damaged = {
      'no database': Buffer.from('GIF89a and not a project'),
      'cut off': bytes.subarray(0, bytes.length - 9000),
      'an altered page': altered,
      'no document': readFileSync(wordless),
      'nothing at all': Buffer.alloc(0),
    };
    for (const [name, body] of Object.entries(damaged)) {
      const answer = await send(`${name}.inbetween`, body);
      assert.ok(answer.status >= 400, name);
      const { message } = JSON.parse(answer.body.toString()) as { message: string };
      assert.ok(message.includes(`${name}.inbetween`) && !message.includes('received'), message);
    }
    assert.equal(existsSync(folder.path('projects')), false);

    const taken = await send('whole.inbetween', bytes);
    assert.equal(taken.status, 200, taken.body.toString());
    const { file } = JSON.parse(taken.body.toString()) as { file: string };
    assert.equal(file, folder.path('projects/whole.inbetween'));
    assert.equal((await window.call('project.open', { file })).document.keyframes.length, 2);
  });

  it('is the built window, and nothing outside its folder', async (context) => {
    const { folder, server } = await started(context);
    const renderer = folder.path('renderer');
    mkdirSync(join(renderer, 'assets'), { recursive: true });
    writeFileSync(join(renderer, 'index.html'), '<!doctype html><title>The window</title>');
    writeFileSync(join(renderer, 'assets', 'app-B2x9Qk1z.js'), 'export {};');
    writeFileSync(folder.path('secret.json'), '{"secret":true}');
    mkdirSync(folder.path('renderer-old'));
    writeFileSync(folder.path('renderer-old/a.json'), '{"secret":true}');
    symlinkSync(folder.path('secret.json'), join(renderer, 'link.json'));
    const known = bearer(server);
    const page = await ask(server, '/', known);
    assert.match(page.body.toString(), /The window/);
    assert.equal(page.headers['cache-control'], 'no-cache');
    const script = await ask(server, '/assets/app-B2x9Qk1z.js', known);
    assert.match(String(script.headers['content-type']), /^text\/javascript/);
    assert.match(String(script.headers['cache-control']), /immutable/);
    for (const path of [
      '/../secret.json',
      '/%2e%2e/secret.json',
      '/..%2fsecret.json',
      '/assets/../../secret.json',
      '/..%5csecret.json',
      '/../renderer-old/a.json',
      '/link.json',
      '/%00.json',
      '/assets',
      '/none.js',
    ]) {
      const answer = await ask(server, path, known);
      assert.equal(answer.status, 404, path);
      assert.ok(!answer.body.toString().includes('secret'), path);
    }
    assert.equal((await ask(server, '/%', known)).status, 400);
  });

  it('goes on after nonsense, binary and oversized messages', async (context) => {
    const { folder, server } = await started(context, { maxMessageLength: 10_000 });
    const nonsense = connect(server.port, '127.0.0.1');
    nonsense.on('error', () => {});
    await new Promise((resolve) => nonsense.end('GET\r\n\r\n\0\0', () => resolve(undefined)));
    for (const message of [Buffer.from([1, 2, 3]), 'x'.repeat(20_000)]) {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rpc`, { headers: bearer(server) });
      socket.on('error', () => {});
      const closed = new Promise<number>((resolve) => socket.on('close', resolve));
      socket.on('open', () => socket.send(message));
      assert.equal(await closed, typeof message === 'string' ? 1009 : 1003);
    }
    const window = await client(folder, server);
    assert.ok((await window.call('presets.list', {})).presets.length > 5);
  });
});

describe('inbetween serve', () => {
  it('prints the address, serves it, and ends with status 0 on Ctrl-C', async (context) => {
    const cli = commandLine(context);
    const { child, ended } = cli.start(['serve', '--port', '0'], {});
    const address = await new Promise<string>((resolve) =>
      child.stdout?.on('data', (data: Buffer) => {
        const line = /^http\S+/.exec(data.toString())?.[0];
        if (line !== undefined) resolve(line);
      }),
    );
    const response = await fetch(address, { redirect: 'manual' });
    assert.equal(response.status, 303);
    child.kill('SIGINT');
    const { status, stderr } = await ended;
    assert.equal(status, 0, stderr);
    assert.match(stderr, /Inbetween is running/);
  });

  it('refuses wrong flags with status 2', async (context) => {
    const cli = commandLine(context);
    const results = await Promise.all([
      cli.run(['serve', '--port', '70000']),
      cli.run(['serve', '--port', '0', '--host', '0.0.0.0']),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      [2, 2],
    );
    assert.match(results[1]?.stderr ?? '', /--token/);
  });
});
