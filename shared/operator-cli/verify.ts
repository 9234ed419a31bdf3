import { createProgress, defineCommand, EXIT, parseSpan, printJson } from "@order-outbox/tool-kit";
import { printReport, verifySystem } from "@order-outbox/verify";

const NAMED = 20;

export const verify = defineCommand({
  name: "verify",
  summary: "reconcile databases, topics and ledgers: what is lost, doubled, out of order, stuck",
  usage: `verify [--settle SPAN] [--recheck SPAN] [--all] [--offline] [--without-ledgers]

Follows every order to the far ends: one event, one record, one charge, one payment, one result, the
matching status, six notifications; first deliveries in order. It only looks, also under load.
Exit code 1 when it found something, 2 when something could not be checked.
  --settle SPAN      do not judge what is younger and still on its way (default 60s)
  --recheck SPAN     look at suspects again after this long (default 2s; 0s: do not)
  --all              name every finding, not only the first ${NAMED}
  --offline          leave the topics out
  --without-ledgers  leave the ledgers of the simulated provider and channels out
  --provider-ledger FILE, --channels-ledger FILE
                     where they are (default: beside the databases)`,
  options: {
    settle: { type: "string", default: "60s" },
    recheck: { type: "string", default: "2s" },
    all: { type: "boolean", default: false },
    offline: { type: "boolean", default: false },
    "without-ledgers": { type: "boolean", default: false },
    "provider-ledger": { type: "string" },
    "channels-ledger": { type: "string" },
  },
  async run(values, { dataDir, brokers, security, json }) {
    const progress = createProgress();
    const ledger = (path: string | undefined) =>
      values["without-ledgers"] ? { path: null } : { path };
    const { path: providerLedger } = ledger(values["provider-ledger"]);
    const { path: channelsLedger } = ledger(values["channels-ledger"]);
    const report = await verifySystem({
      dataDir,
      brokers: values.offline ? undefined : brokers,
      security,
      settleMs: parseSpan("--settle", values.settle),
      recheckMs: parseSpan("--recheck", values.recheck),
      ...(providerLedger === undefined ? {} : { providerLedger }),
      ...(channelsLedger === undefined ? {} : { channelsLedger }),
      onProgress: progress.show,
    }).finally(() => progress.end());
    if (json) printJson(report);
    else printReport(report, values.all ? Number.POSITIVE_INFINITY : NAMED);
    if (report.findings.length > 0) return EXIT.findings;
    return report.leftOut.length > 0 ? EXIT.unable : EXIT.done;
  },
});
