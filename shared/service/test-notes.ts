import { defineEvents } from "@order-outbox/events";
import { Type } from "@sinclair/typebox";

/** For tests: the events of the services beside this file. */
export const NOTES = defineEvents({
  NOTE_TAKEN: {
    topic: "notes",
    subject: ({ noteId }) => noteId,
    data: Type.Object({ noteId: Type.String(), text: Type.String() }),
  },
});
