import type { JoinAnswer, SyncAnswer } from "./mod.ts";
import { bytes, protocol, SESSION_MS, type TestGroups, text } from "./test-groups.ts";

/** What a group answered to all of its clients, in order. */
export interface GroupHistory {
  readonly generations: number[];
  /** The ids that were told to lead, by generation. */
  readonly leaders: Map<number, Set<string>>;
  /** Requests that still wait for an answer, also those of clients that are gone. */
  readonly open: Set<Promise<unknown>>;
}

/** How a client joins: as a static member, or with or without knowing its id first. */
export interface ClientKind {
  readonly groupInstanceId: string | null;
  readonly requireKnownMemberId: boolean;
}

type Phase = "out" | "joining" | "joined" | "syncing" | "member";

/** A consumer's side of the group protocol, with the ways in which consumers go wrong. */
export class SimulatedClient {
  phase: Phase = "out";
  generationId = -1;
  assignment = "";
  readonly #kind: ClientKind;
  readonly #groups: TestGroups;
  readonly #history: GroupHistory;
  #memberId = "";
  #metadata = "orders";
  #followers: readonly string[] = [];
  #connection = new AbortController();
  #latest: Promise<unknown> | undefined;

  constructor(groups: TestGroups, history: GroupHistory, kind: ClientKind) {
    this.#groups = groups;
    this.#history = history;
    this.#kind = kind;
  }

  /** Does what a good client does next. */
  proceed(): void {
    if (this.phase === "out") this.join();
    else if (this.phase === "joined") this.#sync();
    else if (this.phase === "member") this.heartbeat();
  }

  join(metadata = this.#metadata): void {
    this.#metadata = metadata;
    this.phase = "joining";
    const request = {
      ...this.#kind,
      memberId: this.#memberId,
      protocols: [protocol("round-robin", metadata)],
      sessionTimeoutMs: SESSION_MS,
      signal: this.#connection.signal,
    };
    this.#ask(this.#groups.join(request), (answer) => this.#onJoin(answer));
  }

  heartbeat(): void {
    const errorCode = this.#groups.heartbeat(this.#identity());
    if (errorCode !== 0) this.#stepOut(errorCode);
  }

  leave(): void {
    this.#groups.leave(this.#identity());
    this.vanish();
  }

  /** Breaks the connection: whatever is parked on it is given up, and tried again later. */
  disconnect(): void {
    this.#connection.abort();
    this.#connection = new AbortController();
    this.#latest = undefined;
    if (this.phase === "joining" || this.phase === "syncing") this.phase = "out";
  }

  /** Dies and starts afresh; nobody tells the coordinator that the connection is gone. */
  vanish(): void {
    this.#connection = new AbortController();
    this.#latest = undefined;
    this.phase = "out";
    this.#memberId = "";
    this.generationId = -1;
  }

  #identity() {
    const { groupInstanceId } = this.#kind;
    return { memberId: this.#memberId, groupInstanceId, generationId: this.generationId };
  }

  #sync(): void {
    this.phase = "syncing";
    const assignments = this.#followers.map((memberId, place) => ({
      memberId,
      assignment: bytes(`${this.generationId}/${place}`),
    }));
    const signal = this.#connection.signal;
    const answer = this.#groups.sync(this.#identity(), { assignments, signal });
    this.#ask(answer, (synced) => this.#onSync(synced));
  }

  /** Only the answer to the latest request counts; earlier ones were given up. */
  #ask<Answer>(request: Promise<Answer>, receive: (answer: Answer) => void): void {
    const { open } = this.#history;
    this.#latest = request;
    open.add(request);
    request.then((answer) => {
      open.delete(request);
      if (request === this.#latest) receive(answer);
    });
  }

  #onJoin(answer: JoinAnswer): void {
    if (answer.errorCode === 79) this.#memberId = answer.memberId;
    if (answer.errorCode !== 0) {
      this.#stepOut(answer.errorCode);
      return;
    }
    const { generations, leaders } = this.#history;
    generations.push(answer.generationId);
    if (answer.leader === answer.memberId) {
      leaders.getOrInsertComputed(answer.generationId, () => new Set()).add(answer.memberId);
    }
    this.phase = "joined";
    this.#memberId = answer.memberId;
    this.generationId = answer.generationId;
    this.#followers = answer.members.map(({ memberId }) => memberId);
  }

  #onSync({ errorCode, assignment }: SyncAnswer): void {
    if (errorCode !== 0) {
      this.#stepOut(errorCode);
      return;
    }
    this.phase = "member";
    this.assignment = text(assignment);
  }

  #stepOut(errorCode: number): void {
    this.phase = "out";
    const isForgotten = errorCode === 25 || errorCode === 82;
    const isKnown = isForgotten || [22, 27, 79].includes(errorCode);
    if (!isKnown) throw new Error(`A client cannot explain the error code ${errorCode}.`);
    if (isForgotten) this.#memberId = "";
  }
}
