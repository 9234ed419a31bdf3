import { Type } from "@sinclair/typebox";
import { exitOnConfigError, loadConfig } from "./config.ts";
import { portSetting } from "./settings.ts";

const Schema = Type.Object({ PORT: portSetting(3001) });
exitOnConfigError(() => loadConfig(Schema, process.env, { service: "sample" }));
console.log("started");
