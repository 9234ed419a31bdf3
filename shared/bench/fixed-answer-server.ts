/**
 * Answers every request with the same 201 and reads no more of it than its end: what the load
 * generator can do at most.
 */
import { toolPlan } from "./tool-side.ts";

toolPlan();
const body = JSON.stringify({
  orderId: crypto.randomUUID(),
  message: "Order created successfully",
});
const answer = Buffer.from(
  `HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);
const server = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    data(socket) {
      socket.write(answer);
    },
  },
});
console.log(`listening on ${server.port}`);
