import { Database } from "bun:sqlite";

/** Statements that read, whatever follows; a WITH before a write fails on the connection. */
const READS = ["select", "values", "with", "explain"];
/** Pragmas that tell, with a table or an index as their argument or without one. */
const ABOUT =
  /^(?:(?:table|index)_x?info|table_list|index_list|foreign_key_(?:list|check)|(?:integrity|quick)_check)$/;
/** Pragmas that tell as long as they are given nothing. */
const FACTS =
  /^(?:application_id|auto_vacuum|collation_list|compile_options|database_list|encoding|freelist_count|function_list|journal_mode|module_list|page_count|page_size|pragma_list|schema_version|user_version)$/;
const PRAGMA = /^pragma\s+(?:\w+\s*\.\s*)?(\w+)\s*(\(\s*(?:\w+|'[^']*'|"[^"]*")\s*\))?\s*;*\s*$/i;
const BLANK_OR_COMMENT = /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))+/;

/** Opens a database so that nothing can be written: not the file, and no temporary one beside it. */
export function openReadOnly(path: string): Database {
  const connection = new Database(path, { readonly: true, safeIntegers: true });
  connection.run("PRAGMA busy_timeout = 5000");
  connection.run("PRAGMA query_only = ON");
  connection.run("PRAGMA trusted_schema = OFF");
  connection.run("PRAGMA temp_store = MEMORY");
  connection.query("SELECT name FROM sqlite_schema LIMIT 1").all();
  return connection;
}

/**
 * Whether a statement only reads, by its first word. A read-only connection is not enough: SQLite
 * still makes the files of `VACUUM INTO` and `ATTACH` on it, and obeys pragmas.
 */
export function onlyReads(sql: string): boolean {
  const statement = sql.replace(BLANK_OR_COMMENT, "");
  const word = /^[a-z]+/i.exec(statement)?.[0].toLowerCase() ?? "";
  if (word !== "pragma") return READS.includes(word);
  const [, name = "", argument] = PRAGMA.exec(statement) ?? [];
  return (
    ABOUT.test(name.toLowerCase()) || (argument === undefined && FACTS.test(name.toLowerCase()))
  );
}
