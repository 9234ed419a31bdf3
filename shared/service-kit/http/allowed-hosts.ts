import { isIP } from "node:net";

/** A name or an address, and perhaps a port (RFC 9110 §7.2); nothing that a URL would take apart. */
const HOST = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9](?:[a-z0-9._-]{0,252})))(?::\d{1,5})?$/i;

/** What a request's `Host` header is found to be. */
export type HostVerdict = "fine" | "malformed" | "foreign";

/** Judges the `Host` header of a request; `null` when it has none. */
export type JudgeHost = (header: string | null) => HostVerdict;

/**
 * Which hosts a server answers to that listens on `listenHost`.
 *
 * A page of another site can reach what listens on loopback by a name of its own that it lets point
 * there (DNS rebinding), and its browser takes the answers for that site's. So where a browser on
 * this machine is who could ask, on loopback, or where names are listed, a request has to name
 * `localhost`, the host that is listened on, a listed name, or an address: an address is no name
 * that somebody could make point elsewhere. On other interfaces without a list every name is fine.
 *
 * @param allowed names without ports, as `ALLOWED_HOSTS` lists them
 */
export function createHostJudge(listenHost: string, allowed: readonly string[] = []): JudgeHost {
  const open = allowed.length === 0 && !isLoopback(listenHost);
  const names = new Set(["localhost", listenHost, ...allowed].map((name) => name.toLowerCase()));
  const fine = new Set<string>();

  function judge(header: string): HostVerdict {
    const [, address, name = ""] = HOST.exec(header) ?? [];
    if (address !== undefined) return isIP(address) === 6 ? "fine" : "malformed";
    if (name === "") return "malformed";
    return open || isIP(name) === 4 || names.has(name.toLowerCase()) ? "fine" : "foreign";
  }

  return (header) => {
    if (header === null) return "malformed";
    if (fine.has(header)) return "fine";
    const verdict = judge(header);
    // Nearly all requests name the same host; anybody can make up others.
    if (verdict === "fine" && fine.size < 16) fine.add(header);
    return verdict;
  };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
