import { Type } from "@sinclair/typebox";
import { exitOnConfigError, loadConfig, portSetting } from "./mod.ts";

const Schema = Type.Object({ PORT: portSetting(3001) });
exitOnConfigError(() => loadConfig(Schema, process.env, { service: "fixture" }));
console.log("started");
