import { lookup as resolve, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Where calls may go whose address a customer gave us. Without exceptions: to the public internet alone, so that nobody makes this server call
 * its own network. The check is made on the address that is connected to, since a name may lead elsewhere by then.
 */
export type OutgoingPolicy = {
  allows(address: string): boolean;
};

/** Everything that is not, or may lead to what is not, a public host (IANA special-purpose registries). */
const NOT_PUBLIC = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24'],
  ...['192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16', 'fc00::/7'],
  ...['fe80::/10', 'fec0::/10', 'ff00::/8'],
];
const notPublic = blockList(NOT_PUBLIC);

/** `exceptions`: networks (`10.20.0.0/16`) that may be called although they are not public: an employer's own systems. Throws on what is none. */
export function createOutgoingPolicy({ exceptions = [] }: { exceptions?: readonly string[] } = {}): OutgoingPolicy {
  const excepted = blockList(exceptions);
  return {
    allows(address) {
      const family = familyOf(address);
      if (family === undefined) return false;
      return !notPublic.check(address, family) || excepted.check(address, family);
    },
  };
}

/** What is wrong with a URL as the target of a webhook; undefined where nothing is. Names are not resolved. */
export function refuseOutgoingUrl(text: string, policy: OutgoingPolicy): 'not a URL' | 'not https' | 'carries credentials' | 'address not allowed' | undefined {
  const url = URL.parse(text);
  if (url === null) return 'not a URL';
  const literal = literalAddress(url);
  const insideException = literal !== undefined && policy.allows(literal) && notPublic.check(literal, familyOf(literal));
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && insideException)) return 'not https';
  if (url.username !== '' || url.password !== '') return 'carries credentials';
  if (literal !== undefined && !policy.allows(literal)) return 'address not allowed';
  return undefined;
}

/** A host that is an address needs no look-up, and gets none. */
export function literalAddress(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? undefined : host;
}

export class AddressNotAllowed extends Error {
  override readonly name = 'AddressNotAllowed';
}

/** `lookup` for node:http and node:net: hands on the addresses that the policy allows; with none it fails with AddressNotAllowed. */
export function guardedLookup(policy: OutgoingPolicy): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
      if (error !== null) return done(error, '');
      const [first, ...others] = addresses.filter(({ address }) => policy.allows(address));
      if (first === undefined) return done(new AddressNotAllowed('no address of the host is allowed'), '');
      if (options.all === true) done(null, [first, ...others]);
      else done(null, first.address, first.family);
    });
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = familyOf(address);
    if (family === undefined || prefix === undefined) throw new TypeError(`not a network: ${network}`);
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
