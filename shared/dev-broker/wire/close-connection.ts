/** The protocol has no answer for this: the connection is closed, as Kafka does. */
export class CloseConnection extends Error {
  override readonly name: string = "CloseConnection";
}
