import { isIPv6 } from 'node:net';

const GROUPS = 8;
const MAPPED = [0, 0, 0, 0, 0, 0xffff];

/**
 * Whom an address stands for, as far as counting goes: an IPv4 address for itself, also in IPv6's clothes; of IPv6 the /64 that one customer gets, who may come from
 * another address within it every time.
 */
export function addressBlock(ip: string): string {
  const [address = ''] = ip.split('%', 1);
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/\d+\.\d+\.\d+\.\d+$/, asGroups).split('::');
  const first = groupsOf(head);
  const last = groupsOf(tail ?? '');
  const groups = [...first, ...Array.from({ length: GROUPS - first.length - last.length }, () => 0), ...last];
  if (MAPPED.every((group, index) => groups[index] === group)) return Buffer.from(groups.slice(6).flatMap((group) => [group >> 8, group & 255])).join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

const groupsOf = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));

function asGroups(ipv4: string): string {
  const bytes = Buffer.from(ipv4.split('.').map(Number));
  return `${bytes.readUInt16BE(0).toString(16)}:${bytes.readUInt16BE(2).toString(16)}`;
}
