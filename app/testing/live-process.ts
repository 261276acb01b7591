// A process of its own with the live part, for tests of several processes on one PostgreSQL. Its argument is the database's URL.
import { pino } from 'pino';
import { openDatabase } from '#app/data/database.ts';
import { commitEvent, startLive } from '#app/testing/live-fixtures.ts';

const url = process.argv[2] ?? '';
const database = await openDatabase({ kind: 'server', url, poolSize: 4 }, { log: pino({ level: 'silent' }) });
// Beats and polls are far away: what is delivered in time was told by the other process.
const server = await startLive(database);
process.on('message', (message: { readonly write: number; readonly wake: boolean }) => {
  void commitEvent(database.forTenant('acme'), message.write).then(() => {
    if (message.wake) server.live.wake();
    process.send?.({ written: message.write });
  });
});
process.on('disconnect', () => {
  void server.close().then(() => database.close());
});
process.send?.({ streamUrl: server.streamUrl });
