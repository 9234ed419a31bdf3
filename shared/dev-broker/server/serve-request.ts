import { announce, apiVersionsResponse } from "../apis/api-versions.ts";
import { type Api, errorCodeOf, type RequestContext } from "../apis/define-api.ts";
import { APIS, apiByKey } from "../apis/registry.ts";
import type { Broker } from "../broker.ts";
import { CloseConnection } from "../wire/close-connection.ts";
import { KAFKA_ERRORS } from "../wire/error-codes.ts";
import { openBody, type RequestHeader, readRequestHeader } from "../wire/request-header.ts";
import { FrameWriter } from "../wire/writer.ts";
import { type Fault, type Intercepts, refusalOf } from "./intercepts.ts";

const API_VERSIONS_KEY = 18;

/** The connection that a request came on. */
export interface Peer {
  readonly host: string;
  /** Aborted when the connection is gone. */
  readonly signal: AbortSignal;
}

/** Answers frames: reads the request, carries it out, writes the response. */
export function createRequestServer(broker: Broker, intercepts: Intercepts) {
  /** The response frame, or null for none. Throws {@link CloseConnection}. */
  return async function serveRequest(frame: Buffer, peer: Peer): Promise<Buffer | null> {
    const header = readRequestHeader(frame);
    const api = apiByKey(header.apiKey);
    if (api === undefined) throw new CloseConnection(`unknown API ${header.apiKey}`);
    const version = header.apiVersion;
    if (version < api.minVersion || version > api.maxVersion) return refuseVersion(header, api);

    const flexible = api.firstFlexible !== undefined && version >= api.firstFlexible;
    const { clientId, body } = openBody(frame, version, flexible);
    const request = api.request.read(body);
    const fault = await intercepts.faultFor({
      api: api.name,
      version,
      clientId,
      body: request,
    });
    const response = await carryOut(api, request, fault, {
      broker,
      version,
      clientId,
      clientHost: `/${peer.host}`,
      signal: peer.signal,
      refusal: (topic, partition) => refusalOf(fault, topic, partition),
    });
    return response === null ? null : writeResponse(header, api, response, flexible);
  };
}

async function carryOut(
  api: Api,
  request: unknown,
  fault: Fault | undefined,
  context: RequestContext,
): Promise<unknown> {
  if (fault !== undefined) {
    if ("error" in fault && fault.topic === undefined) {
      return api.fail(request, KAFKA_ERRORS[fault.error]);
    }
    if ("silence" in fault && fault.silence === "before") return null;
    if ("disconnect" in fault && fault.disconnect === "before") {
      throw new CloseConnection("a fault was asked for");
    }
  }
  const response = await handle(api, request, context);
  if (fault !== undefined && "disconnect" in fault) {
    throw new CloseConnection("a fault was asked for");
  }
  return fault !== undefined && "silence" in fault ? null : response;
}

async function handle(api: Api, request: unknown, context: RequestContext): Promise<unknown> {
  try {
    return await api.handle(request, context);
  } catch (error) {
    if (error instanceof CloseConnection) throw error;
    return api.fail(request, errorCodeOf(error, context.broker));
  }
}

function writeResponse(
  { correlationId, apiVersion }: RequestHeader,
  api: Api,
  response: unknown,
  flexible: boolean,
): Buffer {
  const writer = new FrameWriter(apiVersion, flexible);
  writer.int32(correlationId);
  // A client reads the answer to ApiVersions before it knows what we speak: no tags in its header.
  if (flexible && api.key !== API_VERSIONS_KEY) writer.noTaggedFields();
  api.response.write(writer, response);
  return writer.frame();
}

/** Only ApiVersions has an answer that a client of any version can read (KIP-511). */
function refuseVersion({ apiKey, apiVersion, correlationId }: RequestHeader, api: Api): Buffer {
  if (apiKey !== API_VERSIONS_KEY) {
    throw new CloseConnection(`${api.name} has no version ${apiVersion}`);
  }
  const writer = new FrameWriter(0, false);
  writer.int32(correlationId);
  apiVersionsResponse.write(writer, {
    errorCode: KAFKA_ERRORS.UNSUPPORTED_VERSION,
    apis: announce(APIS),
    throttleTimeMs: 0,
  });
  return writer.frame();
}
