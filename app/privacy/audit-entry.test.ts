// The written form of the trail outlives releases: what was digested, chained and signed once is found whole for ever.
// The values were computed apart from this code, by RFC 5869, 8032 and 2104 in Python.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { chainEntry, digestEntry, isAuthentic, NO_HASH } from '#app/privacy/audit-entry.ts';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { signErasure } from '#app/privacy/erasures.ts';

const NOW = new Date('2026-11-24T12:00:00.123Z');
const PERSON = '6f1c2f5e-3c1b-4c57-9c58-0d3c3f1a2b4c';
const key = deriveAuditKey({ secret: Buffer.alloc(32, 7) });
const digest = () => digestEntry({ tenantId: 'acme', id: PERSON, occurredAt: NOW, actor: null, action: 'things:write', resource: '/things/1', requestId: 'r', details: '{"n":1}' });
const hex = (bytes: Buffer) => bytes.toString('hex');

test('an entry’s digest, and its link in the chain, stay as they are', () => {
  assert.equal(hex(digest()), '83b2aa54708912fb4fa4ba95295ddb05b5f28ba9a76e3896ad732268f610f8e6');
  assert.equal(hex(chainEntry(NO_HASH, 1, digest())), 'e2cecbaec9a8b51ee2a51b5aabc7eab0ba568f7874cfcd2be03d3ee1f6f1ed7a');
});

test('a service key gives the same two audit keys, which are not each other', () => {
  const { mac, id } = deriveAuditKey({ secret: Buffer.alloc(32, 7) });
  assert.equal(hex(mac), '8e86dce712890596aeff55de2aca9e542ac4edac3eede3e4c96192fc6344f1e2');
  assert.equal(id, 'ac3fbb46e4c2882957cfbb07e4c8b9e7a192d812f912286054978122a7a765df');
});

test('its code is told from any other, a shorter one too', () => {
  const mac = Buffer.from('7612ea6b4a31a6d96c13fd8e73147140149ce0d1e85a4f21092ba78680b86b74', 'hex');
  assert.ok(isAuthentic(digest(), key.mac, mac));
  for (const wrong of [mac.subarray(1), Buffer.concat([mac, mac]), Buffer.alloc(0), Buffer.from(mac.map((byte, index) => (index === 31 ? byte ^ 1 : byte)))]) assert.ok(!isAuthentic(digest(), key.mac, wrong));
});

test('what is signed of a checkpoint and of an erasure stays as it is', () => {
  const checkpoint = signCheckpoint({ tenantId: 'acme', position: 1, chainHash: NO_HASH, signedAt: NOW }, key);
  assert.equal(hex(checkpoint.signature), 'f18277fe343879a35a8caeb2319bb864b8dbb1c5919afea542a1018df516a370bd0b05d19d01b68a309d5dca51f5a26a648c0d8bf81dfe4c5d4bf3854014cb09');
  assert.equal(hex(signErasure({ tenantId: 'acme', personId: PERSON, at: NOW }, key).signature), '70f2f33a5accf57225b7539649619a7f573c2fb0f9c5f14a50f79d630a5e4d363817d6d1bbb8d6402f8b0f38e77b2c8725eb4de0f7490731692191d9dda6020a');
});
