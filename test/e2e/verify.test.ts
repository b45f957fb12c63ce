import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../src-main/host/store/project-store.ts';
import { commandLine, doneEvent, storedKeys, tinyProject } from '../support/command-line.ts';

test('stored frames are rendered again and are the same, bit for bit; one that is not is named', async (context) => {
  const cli = commandLine(context);
  cli.write('project.json', tinyProject());
  const nothing = await cli.run(['project', 'verify', 'project.json', '--render']);
  assert.equal(nothing.status, 0, nothing.stderr);
  assert.match(nothing.stdout, /No frame is stored yet/);
  assert.equal((await cli.run(['project', 'from-json', 'project.json', 'p.inbetween'])).status, 0);
  const rendered = await cli.run(['render', 'p.inbetween', '--out', 'a.gif', '--json']);
  doneEvent(rendered);
  const same = await cli.run(['project', 'verify', 'p.inbetween', '--render', '3']);
  assert.equal(same.status, 0, same.stderr);
  assert.match(same.stdout, /is sound\.\nRendered again and the same bit for bit: frames 0, 4, 7\.\n/);

  // The picture of another frame in the place of the first one.
  const byFrame = new Map(rendered.events.map(({ frame, key }) => [frame, key] as const));
  assert.equal(storedKeys(rendered.events).length, 8);
  const store = openStore(cli.path('p.inbetween'), { clock: Date.now });
  const { bytes } = store.getArtifact('frame', byFrame.get(7)!)!;
  store.putArtifacts([{ kind: 'frame', key: byFrame.get(0)!, bytes, mediaType: 'image/png' }]);
  store.close();
  const other = await cli.run(['project', 'verify', 'p.inbetween', '--render', '2']);
  assert.equal(other.status, 2, other.stdout);
  assert.match(other.stdout, /bit for bit: frame 7\./);
  assert.match(other.stderr, /Frame 0 comes out differently here: \d+\.\d dB/);
  assert.match(other.stderr, /1 of 2 frames that this machine does not make/);
});
