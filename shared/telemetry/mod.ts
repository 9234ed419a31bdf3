export { type RemoteCall, startTracing, type Tracing, type TracingOptions } from "./tracing.ts";
