import { expect, test } from 'vitest';
import { createOutgoingPolicy, refuseOutgoingUrl } from '#platform/outgoing-address.ts';

const strict = createOutgoingPolicy();
const intranet = createOutgoingPolicy({ exceptions: ['10.20.0.0/16', 'fd12::/16'] });

test.each(['8.8.8.8', '172.32.0.1', '223.5.5.5', '2400:3200::1', '::ffff:8.8.8.8'])('%s is public', (address) => {
  expect(strict.allows(address)).toBe(true);
});

test.each([
  ...['127.0.0.1', '0.0.0.0', '10.0.0.1', '100.64.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.168.1.1', '224.0.0.1', '255.255.255.255'],
  ...['::1', '::', '::ffff:10.0.0.1', '::ffff:a00:1', '::127.0.0.1', '64:ff9b::a00:1', '2002:7f00:1::', 'fc00::1', 'fe80::1', 'fe80::1%eth0', 'ff02::1'],
  ...['', 'localhost', '10.0.0.1/8', '999.1.1.1'],
])('%s is not', (address) => {
  expect(strict.allows(address)).toBe(false);
});

test('exceptions open their network and no other', () => {
  expect(intranet.allows('10.20.255.1')).toBe(true);
  expect(intranet.allows('::ffff:10.20.0.1')).toBe(true);
  expect(intranet.allows('fd12::1')).toBe(true);
  expect(intranet.allows('10.21.0.1')).toBe(false);
  expect(() => createOutgoingPolicy({ exceptions: ['10.20.0.0'] })).toThrow('not a network');
});

test.each([
  ['https://hooks.example.com/daozhang', undefined],
  ['http://hooks.example.com/', 'not https'],
  ['ftp://hooks.example.com/', 'not https'],
  ['https://user:pass@hooks.example.com/', 'carries credentials'],
  ['https://127.0.0.1/', 'address not allowed'],
  ['https://2130706433/', 'address not allowed'],
  ['https://0x7f.1/', 'address not allowed'],
  ['https://[::ffff:127.0.0.1]/', 'address not allowed'],
  ['hooks.example.com', 'not a URL'],
])('%s: %s', (url, refusal) => {
  expect(refuseOutgoingUrl(url, strict)).toBe(refusal);
});

test('plain http is for excepted addresses alone', () => {
  expect(refuseOutgoingUrl('http://10.20.0.5:8080/hook', intranet)).toBeUndefined();
  expect(refuseOutgoingUrl('http://8.8.8.8/hook', intranet)).toBe('not https');
});
