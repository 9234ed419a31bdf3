import { array, type Decoded, int16, int32, since, string, struct } from "../wire/codec.ts";
import { KAFKA_ERRORS } from "../wire/error-codes.ts";
import { type Api, defineApi } from "./define-api.ts";

const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

const range = struct({ apiKey: int16, minVersion: int16, maxVersion: int16 });

const request = struct({
  clientSoftwareName: since(3, string, "unnamed"),
  clientSoftwareVersion: since(3, string, "0"),
});

/** Also written in version 0 for clients that ask in one we do not know (KIP-511). */
export const apiVersionsResponse = struct({
  errorCode: int16,
  apis: array(range),
  throttleTimeMs: since(1, int32, 0),
});

/** The versions that are announced for `apis`. */
export function announce(apis: readonly Api[]): readonly Decoded<typeof range>[] {
  return apis.map(({ key, minVersion, maxVersion, announcedMinVersion = minVersion }) => ({
    apiKey: key,
    minVersion: announcedMinVersion,
    maxVersion,
  }));
}

/** ApiVersions, for the list that `apis` gives when it is asked. */
export function apiVersions(apis: () => readonly Api[]) {
  const answer = (errorCode: number) => ({ errorCode, apis: announce(apis()), throttleTimeMs: 0 });
  return defineApi({
    key: 18,
    name: "ApiVersions",
    minVersion: 0,
    maxVersion: 3,
    firstFlexible: 3,
    request,
    response: apiVersionsResponse,
    handle({ clientSoftwareName, clientSoftwareVersion }) {
      const legal = SOFTWARE.test(clientSoftwareName) && SOFTWARE.test(clientSoftwareVersion);
      return answer(legal ? KAFKA_ERRORS.NONE : KAFKA_ERRORS.INVALID_REQUEST);
    },
    fail: (_request, errorCode) => answer(errorCode),
  });
}
