import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientAddress, limitKeyOf } from '#app/http/client-address.ts';

const from = (forwarded: string | undefined, trustedProxies: number, remoteAddress = '10.0.0.9') => clientAddress({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } }, trustedProxies);

test('ASVS 4.1.3, 15.3.4: without a trusted proxy no header says who asks (CWE-348)', () => {
  assert.equal(from('192.0.2.1', 0), '10.0.0.9');
});

test('ASVS 15.3.4: each trusted proxy leads one step to the left, and never to what the client wrote', () => {
  assert.equal(from('6.6.6.6, 192.0.2.1', 1), '192.0.2.1');
  assert.equal(from('6.6.6.6, 192.0.2.1, 10.0.0.2', 2), '192.0.2.1');
});

test('ASVS 4.1.3: whatever a client puts in front, the address is the one that the farthest trusted proxy added', () => {
  fc.assert(fc.property(fc.array(fc.string()), fc.array(fc.ipV4(), { minLength: 1, maxLength: 5 }), (forged, added) => from([...forged, ...added].join(', '), added.length) === added[0]));
});

test('a header that is missing, too short or no address leaves the connection’s own', () => {
  for (const [forwarded, trusted] of [[undefined, 1], ['', 1], ['192.0.2.1', 2], ['unknown', 1], ['192.0.2.1, ', 1], ['999.1.1.1', 1]] as const) assert.equal(from(forwarded, trusted), '10.0.0.9');
});

test('a port beside the address is left out', () => {
  assert.equal(from('192.0.2.1:4711', 1), '192.0.2.1');
  assert.equal(from('[2001:db8::1]:4711', 1), '2001:db8::1');
  assert.equal(from('2001:db8::1', 1), '2001:db8::1');
});

test('limits count IPv6 by /64, and IPv4 by address, however it is written', () => {
  assert.equal(limitKeyOf('192.0.2.1'), '192.0.2.1');
  assert.equal(limitKeyOf('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(limitKeyOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(limitKeyOf('2001:DB8::1'), '2001:db8:0:0::/64');
  assert.equal(limitKeyOf('::1'), '0:0:0:0::/64');
  assert.equal(limitKeyOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.equal(limitKeyOf(''), '');
});

test('two addresses of one /64 have one key, and of two have two', () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
  const network = fc.array(group, { minLength: 4, maxLength: 4 });
  // Not all zero: that is the network of mapped IPv4 addresses.
  fc.assert(fc.property(network, network, network, (net, one, other) => {
    fc.pre(net.some((part) => part !== '0'));
    return limitKeyOf([...net, ...one].join(':')) === limitKeyOf([...net, ...other].join(':')) && (net.join() === one.join() || limitKeyOf([...net, ...one].join(':')) !== limitKeyOf([...one, ...net].join(':')));
  }));
});
