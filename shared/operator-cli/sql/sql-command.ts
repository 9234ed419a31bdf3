import type { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { databaseName, SERVICES } from "@order-outbox/registry";
import {
  chooseDataDir,
  databasePath,
  describeMissing,
  EXIT_MISUSED,
  formatTable,
  prepareConsole,
  type Table,
  UserError,
} from "@order-outbox/tool-kit";
import { onlyReads, openReadOnly } from "./read-only.ts";

const DATABASES = SERVICES.map(databaseName);

const USAGE = `Usage: bun run sql [--json] DATABASE [SQL]

Reads a database of a service, also while the service runs. It cannot change anything.

  DATABASE   ${DATABASES.join(", ")} (in DATA_DIR, default .data, else services), or the path of a file
  SQL        one statement; without it, the tables and views, and how many rows they have
  --json     the rows as JSON, with nothing cut

  bun run sql orders
  bun run sql orders "SELECT * FROM outbox WHERE isPublished = 0"
`;

const ONLY_READS = "this tool only reads; the services own their databases";

function main(args: readonly string[]): void {
  const { values, positionals } = parse(args);
  const [database, sql, ...others] = positionals;
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (database === undefined) throw new UserError(`which database?\n\n${USAGE}`);
  if (others.length > 0) throw new UserError("give the SQL as one argument, in quotes");

  using connection = open(pathOf(database));
  const table = sql === undefined ? listTables(connection) : run(connection, sql);
  console.log(values.json ? formatJson(table) : formatTable(table));
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new UserError(messageOf(error));
  }
}

function pathOf(database: string): string {
  const service = SERVICES.find((one) => databaseName(one) === database);
  if (service !== undefined) {
    const { path: dataDir, passedOver } = chooseDataDir(undefined, process.env);
    const path = databasePath(dataDir, service);
    if (!existsSync(path)) throw new UserError(describeMissing(dataDir, service));
    if (passedOver !== undefined) {
      console.error(
        `sql: this is ${path}; ${passedOver} has databases, too (DATA_DIR=${passedOver})`,
      );
    }
    return path;
  }
  if (existsSync(database)) return database;
  throw new UserError(
    `there is no database "${database}"; there are ${DATABASES.join(", ")}, or give the path of a file`,
  );
}

function open(path: string): Database {
  try {
    return openReadOnly(path);
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

function run(connection: Database, sql: string): Table {
  try {
    const statement = connection.prepare(sql);
    if (!onlyReads(sql)) throw new UserError(ONLY_READS);
    const first = statement.toString();
    if (sql.startsWith(first) && sql.slice(first.length).trim() !== "") {
      throw new UserError("give one statement at a time");
    }
    const rows = statement.values();
    return { columns: statement.columnNames, rows };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const message = messageOf(error);
    if (/readonly/i.test(message)) throw new UserError(ONLY_READS);
    throw new UserError(`${message}\n  in: ${sql}`);
  }
}

function listTables(connection: Database): Table {
  const { rows: tables } = run(
    connection,
    "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name",
  );
  const rows = tables.map(([name]) => {
    const quoted = `"${String(name).replaceAll('"', '""')}"`;
    return [name, run(connection, `SELECT count(*) FROM ${quoted}`).rows[0]?.[0]];
  });
  return { columns: ["table", "rows"], rows };
}

function formatJson({ columns, rows }: Table): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
  return JSON.stringify(objects, toJson, 2);
}

function toJson(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `bun run sql`. */
export function sqlCommand(args: readonly string[]): void {
  prepareConsole();
  try {
    main(args);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`sql: ${error.message}`);
    process.exitCode = EXIT_MISUSED;
  }
}
