import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SAMPLE_CONFIG, startSampleService } from '#app/testing/sample-service.ts';
import { SECURITY_TXT_PATH, writeSecurityTxt } from './security-txt.ts';

const YEAR_MS = 365 * 24 * 60 * 60_000;
const contact = 'mailto:security@fork.test';

test('RFC 9116: the contact, when it expires, in which language, and where it is to be found', () => {
  const text = writeSecurityTxt({ contact, publicUrl: 'https://stock.example.com', now: new Date('2026-01-02T03:04:05.678Z') });
  assert.equal(
    text,
    ['Contact: mailto:security@fork.test', 'Expires: 2026-07-01T00:00:00.000Z', 'Preferred-Languages: en', 'Canonical: https://stock.example.com/.well-known/security.txt', ''].join('\n'),
  );
});

test('RFC 9116, 2.5.5: it expires in the future, within a year, whenever it is asked for', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('2026-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), (now) => {
      const expires = Date.parse(/^Expires: (.+)$/m.exec(writeSecurityTxt({ contact, publicUrl: 'https://a.test', now }))?.[1] ?? '');
      assert.ok(expires > now.getTime() + YEAR_MS / 3);
      assert.ok(expires < now.getTime() + YEAR_MS);
    }),
  );
});

test('it is plain text in UTF-8, for everybody to keep for a day', async () => {
  const service = await startSampleService({ config: { ...SAMPLE_CONFIG, securityContact: contact } });
  try {
    const answer = await service.send(SECURITY_TXT_PATH);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=86400');
    assert.equal(await answer.text(), writeSecurityTxt({ contact, publicUrl: 'http://stockade.test', now: service.parts.clock() }));
  } finally {
    await service.close();
  }
});

test('without a contact there is none, and the problem names the setting', async () => {
  const service = await startSampleService();
  try {
    const answer = await service.send(SECURITY_TXT_PATH);
    assert.equal(answer.status, 404);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.match(await answer.text(), /SECURITY_CONTACT/);
  } finally {
    await service.close();
  }
});
