import { startDevBroker } from "./mod.ts";

/** A broker on the port and folder of its arguments, until it is killed. */
const [port = "0", data = ""] = process.argv.slice(2);
const broker = await startDevBroker({ port: Number(port), data, topics: { orders: 2 } });
console.log(`listening ${broker.address} ${broker.clusterId}`);
