import { readFileSync } from "node:fs";
import { AppError } from "@order-outbox/errors";
import { Type } from "@sinclair/typebox";
import { readableFile, type SettingCheck } from "../config/settings.ts";

const LEAST = 16;

const tokenFile: SettingCheck = (value, { ADMIN_TOKEN: token }) => {
  if (value === undefined) return undefined;
  return token === undefined
    ? readableFile(value, `a file that holds a token of at least ${LEAST} characters`, isLong)
    : { expected: "left out when ADMIN_TOKEN is set", given: "the token is in both places" };
};

/** `ADMIN_TOKEN` and `ADMIN_TOKEN_FILE`, for the schema of every service; see {@link adminTokenOf}. */
export const adminSettings = {
  ADMIN_TOKEN: Type.Optional(
    Type.String({
      minLength: LEAST,
      expected: `at least ${LEAST} characters long`,
      secret: true,
      description:
        "The bearer token of the /admin routes, which do not exist without it or its file.",
    }),
  ),
  ADMIN_TOKEN_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      expected: "the path of a file",
      check: tokenFile,
      description: "A file that holds the token instead; read anew for each request to /admin.",
    }),
  ),
};

/**
 * Gives the token that operators have to send, as it is at that moment; undefined when there is
 * none, so no admin routes either.
 *
 * @throws AppError `CONFIG_INVALID`, when called, while the file cannot be read or holds no token
 */
export function adminTokenOf(config: {
  ADMIN_TOKEN?: string;
  ADMIN_TOKEN_FILE?: string;
}): (() => string) | undefined {
  const { ADMIN_TOKEN: token, ADMIN_TOKEN_FILE: path } = config;
  if (token !== undefined) return () => token;
  return path === undefined ? undefined : () => readToken(path);
}

function readToken(path: string): string {
  try {
    const text = readFileSync(path, "utf8");
    if (isLong(text)) return text.trim();
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", "ADMIN_TOKEN_FILE cannot be read", { cause });
  }
  throw new AppError("CONFIG_INVALID", `ADMIN_TOKEN_FILE holds no token of ${LEAST} characters`);
}

function isLong(text: string): boolean {
  return text.trim().length >= LEAST;
}
