/** One Elysia route with a TypeBox body and nothing behind it, for `bun run bench`. */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

const Body = Type.Object({ customerId: Type.String(), amount: Type.Number() });

const app = new Elysia()
  .post(
    "/api/orders",
    ({ body, set }) => {
      set.status = 201;
      return { orderId: Bun.randomUUIDv7(), ...body };
    },
    { body: Body },
  )
  .listen({ hostname: "127.0.0.1", port: 0 });
console.log(`listening on ${app.server?.port}`);
process.stdin.on("end", () => process.exit(0)).resume();
