import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createGate } from '#app/lib/gate.ts';

test('ASVS 15.4.4: never lets more in than the limit, runs everything, and a failure gives its place back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 4 }), fc.array(fc.boolean(), { maxLength: 20 }), async (scheduler, limit, fails) => {
      const gate = createGate(limit);
      let inside = 0;
      let most = 0;
      const works = fails.map((fail, index) =>
        gate(async () => {
          inside += 1;
          most = Math.max(most, inside);
          await scheduler.schedule(Promise.resolve());
          inside -= 1;
          if (fail) throw new Error('no');
          return index;
        }),
      );
      const outcomes = Promise.allSettled(works);
      await scheduler.waitFor(outcomes);
      assert.ok(most <= limit, `${most} at once`);
      assert.deepEqual((await outcomes).map((outcome) => outcome.status === 'rejected'), fails);
      assert.equal(inside, 0);
    }),
  );
});
