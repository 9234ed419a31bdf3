/** Something to tell the user in a sentence, without a stack. */
export class UserError extends Error {}
