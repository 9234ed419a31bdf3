import { Type } from "@sinclair/typebox";
import { exitOnConfigError, loadConfig } from "./config.ts";
import { portSetting } from "./settings.ts";

const Schema = Type.Object({ PORT: portSetting(3001) });
const load = () => loadConfig(Schema, process.env, { service: "sample" });
await exitOnConfigError<unknown>(process.argv[2] === "later" ? async () => load() : load);
console.log("started");
