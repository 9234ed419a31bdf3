import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A certificate and its private key, both PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What issues certificates; its own is what clients have to trust. */
export interface CertificateAuthority extends Certificate {
  /** For a server: `names` are host names and IPv4 addresses. For a client: none. */
  issue(name: string, names?: readonly string[]): Certificate;
}

const DAY_MS = 86_400_000;
const OID = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  basicConstraints: "551d13",
  subjectAltName: "551d11",
};

/**
 * Makes a certificate authority that lives for a day: no test needs openssl, and no private key
 * lies in the repository. X.509 v3 (RFC 5280) in DER, with P-256 keys.
 */
export function createCertificateAuthority(name: string): CertificateAuthority {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const self = { name, key: keys.privateKey };
  return {
    ...certify(name, keys, self, extension(OID.basicConstraints, sequence(TRUE), true)),
    issue(subject, names = []) {
      const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const altNames = names.length === 0 ? [] : [subjectAltNames(names)];
      return certify(subject, own, self, ...altNames);
    },
  };
}

function certify(
  subject: string,
  keys: { publicKey: KeyObject; privateKey: KeyObject },
  issuer: { name: string; key: KeyObject },
  ...extensions: Buffer[]
): Certificate {
  const algorithm = sequence(der(0x06, Buffer.from(OID.ecdsaWithSha256, "hex")));
  const serial = Buffer.concat([Buffer.of(1), crypto.getRandomValues(new Uint8Array(8))]);
  const content = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    algorithm,
    distinguishedName(issuer.name),
    sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS)),
    distinguishedName(subject),
    keys.publicKey.export({ type: "spki", format: "der" }),
    ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
  );
  const signature = der(0x03, Buffer.concat([Buffer.of(0), sign("sha256", content, issuer.key)]));
  return {
    cert: pem("CERTIFICATE", sequence(content, algorithm, signature)),
    key: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

const TRUE = Buffer.from("0101ff", "hex");

function subjectAltNames(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    /^\d+(\.\d+){3}$/.test(name)
      ? der(0x87, Buffer.from(name.split(".").map(Number)))
      : der(0x82, Buffer.from(name)),
  );
  return extension(OID.subjectAltName, sequence(...entries));
}

const extension = (oid: string, value: Buffer, critical = false): Buffer =>
  sequence(der(0x06, Buffer.from(oid, "hex")), ...(critical ? [TRUE] : []), der(0x04, value));

const distinguishedName = (name: string): Buffer =>
  sequence(
    der(
      0x31,
      sequence(der(0x06, Buffer.from(OID.commonName, "hex")), der(0x0c, Buffer.from(name))),
    ),
  );

/** UTCTime, which lasts until 2049. */
const time = (at: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(at).toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`));

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
