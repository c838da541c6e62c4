import { backoff } from "./backoff";
import { parseMessage, type Message } from "./messages";
import { topicKey, type Session, type StreamRequest, type Topic, type Transport } from "./transport";

export type Phase = "idle" | "connecting" | "live" | "polling" | "reconnecting";

export interface Status {
  phase: Phase;
  transport: Transport["kind"];
  /** Local time at which this phase began. */
  since: number;
}

/** Time and chance, handed in so that a test can hold them. */
export interface Timers {
  now(): number;
  set(action: () => void, ms: number): number;
  clear(handle: number): void;
  random(): number;
}

export interface LadderEvents {
  message(message: Message, topics: readonly Topic[], transport: Transport["kind"]): void;
  status(status: Status): void;
}

/** A state message comes at least every 5 s: a connection silent for two of them is dead. */
const SILENCE = 10_000;
const HELLO_WITHIN = 5_000;
const FAILURES_A_RUNG = 2;
/** A better way that is back is found within this. */
const PROBE_CAP = 10_000;

interface Attempt {
  rung: number;
  topics: readonly Topic[];
  session: Session | undefined;
  alive: boolean;
  watchdog: number | undefined;
}

/**
 * Keeps one stream open by whatever way works: a rung down after two failures on one, full-jitter backoff between
 * attempts, and while on a lower rung probes of the higher ones beside it, so that a switch never interrupts.
 * A changed set of topics opens the new stream before the old one closes. Resumes with EPOCH-SEQ.
 */
export class Ladder {
  private topics: readonly Topic[] = [];
  private rung = 0;
  private failures = 0;
  private attempts = 0;
  private probes = 0;
  private current: Attempt | undefined;
  private candidate: Attempt | undefined;
  private retryTimer: number | undefined;
  private probeTimer: number | undefined;
  private epoch = "";
  private since: string | undefined;
  private sinceTopics = "";
  private lastMessage = 0;
  private status: Status;

  constructor(
    private readonly transports: readonly Transport[],
    private readonly timers: Timers,
    private readonly events: LadderEvents,
  ) {
    this.status = { phase: "idle", transport: this.kind(0), since: timers.now() };
  }

  setTopics(topics: readonly Topic[]): void {
    if (topics.map(topicKey).join() === this.topics.map(topicKey).join()) return;
    this.topics = topics;
    if (topics.length === 0) {
      this.stop();
      return;
    }
    if (this.current?.alive) {
      this.drop(this.candidate);
      this.candidate = this.open(this.current.rung);
      return;
    }
    this.retryNow();
  }

  /** After wake, `online`, or a tab's return: no waiting, unless the connection has just spoken. */
  retryNow(): void {
    if (this.topics.length === 0) return;
    if (this.current?.alive && this.timers.now() - this.lastMessage < SILENCE / 2) return;
    this.cancelTimers();
    this.drop(this.current);
    this.drop(this.candidate);
    this.candidate = undefined;
    this.attempts = 0;
    this.connect();
  }

  stop(): void {
    this.cancelTimers();
    this.drop(this.current);
    this.drop(this.candidate);
    this.current = undefined;
    this.candidate = undefined;
    this.say("idle");
  }

  private connect(): void {
    this.say(this.status.phase === "idle" ? "connecting" : this.status.phase === "connecting" ? "connecting" : "reconnecting");
    this.current = undefined;
    this.current = this.open(this.rung);
  }

  private open(rung: number): Attempt {
    const attempt: Attempt = { rung, topics: this.topics, session: undefined, alive: false, watchdog: undefined };
    const request: StreamRequest = { topics: this.topics };
    const key = this.topics.map(topicKey).join();
    if (this.since && this.sinceTopics === key) request.since = this.since;
    this.watch(attempt, HELLO_WITHIN);
    attempt.session = this.transports[rung]?.open(request, {
      message: (json, id) => this.received(attempt, json, id),
      closed: () => this.closed(attempt),
    });
    return attempt;
  }

  private watch(attempt: Attempt, ms: number): void {
    if (attempt.watchdog !== undefined) this.timers.clear(attempt.watchdog);
    attempt.watchdog = this.timers.set(() => this.closed(attempt), ms);
  }

  private received(attempt: Attempt, json: unknown, id: string | undefined): void {
    if (attempt !== this.current && attempt !== this.candidate) return;
    this.watch(attempt, SILENCE);
    const message = parseMessage(json);
    if (!message) return;
    if (!attempt.alive) this.promote(attempt);
    this.lastMessage = this.timers.now();
    this.remember(attempt, message, id);
    this.events.message(message, attempt.topics, this.kind(attempt.rung));
  }

  private promote(attempt: Attempt): void {
    attempt.alive = true;
    if (attempt === this.candidate) {
      this.drop(this.current);
      this.candidate = undefined;
      this.current = attempt;
    }
    this.rung = attempt.rung;
    this.failures = 0;
    this.attempts = 0;
    this.say(this.kind(attempt.rung) === "polling" ? "polling" : "live");
    if (attempt.rung === 0) this.probes = 0;
    this.scheduleProbe();
  }

  private remember(attempt: Attempt, message: Message, id: string | undefined): void {
    if (message.type === "hello" && message.epoch !== "") {
      if (message.epoch !== this.epoch) this.since = undefined;
      this.epoch = message.epoch;
    }
    if (message.type !== "point") return;
    const seen = id ?? (message.seq === undefined || this.epoch === "" ? undefined : `${this.epoch}-${message.seq}`);
    if (!seen) return;
    this.since = seen;
    this.sinceTopics = attempt.topics.map(topicKey).join();
  }

  private closed(attempt: Attempt): void {
    if (attempt === this.candidate) {
      this.drop(attempt);
      this.candidate = undefined;
      if (attempt.topics === this.current?.topics) this.scheduleProbe();
      else this.fallBack();
      return;
    }
    if (attempt !== this.current) return;
    this.fallBack();
  }

  private fallBack(): void {
    this.drop(this.current);
    this.current = undefined;
    this.failures++;
    if (this.failures >= FAILURES_A_RUNG && this.rung < this.transports.length - 1) {
      this.rung++;
      this.failures = 0;
    }
    if (this.probeTimer !== undefined) this.timers.clear(this.probeTimer);
    this.probeTimer = undefined;
    if (this.status.phase !== "connecting") this.say("reconnecting");
    const delay = backoff(this.attempts++, () => this.timers.random());
    this.retryTimer = this.timers.set(() => this.connect(), delay);
  }

  /** Tries the best rung first, then the one just above, in turn. */
  private scheduleProbe(): void {
    if (this.probeTimer !== undefined) this.timers.clear(this.probeTimer);
    this.probeTimer = undefined;
    if (this.rung === 0) return;
    const delay = 500 + backoff(this.probes + 1, () => this.timers.random(), 500, PROBE_CAP);
    this.probeTimer = this.timers.set(() => {
      this.probeTimer = undefined;
      if (this.candidate || !this.current?.alive || this.rung === 0) return;
      const target = this.probes % 2 === 0 ? 0 : this.rung - 1;
      this.probes++;
      this.candidate = this.open(target);
    }, delay);
  }

  private drop(attempt: Attempt | undefined): void {
    if (!attempt) return;
    if (attempt.watchdog !== undefined) this.timers.clear(attempt.watchdog);
    attempt.watchdog = undefined;
    attempt.session?.close();
  }

  private cancelTimers(): void {
    if (this.retryTimer !== undefined) this.timers.clear(this.retryTimer);
    if (this.probeTimer !== undefined) this.timers.clear(this.probeTimer);
    this.retryTimer = undefined;
    this.probeTimer = undefined;
  }

  private kind(rung: number): Transport["kind"] {
    return this.transports[rung]?.kind ?? "polling";
  }

  private say(phase: Phase): void {
    const transport = this.kind(this.rung);
    if (phase === this.status.phase && transport === this.status.transport) return;
    this.status = { phase, transport, since: phase === this.status.phase ? this.status.since : this.timers.now() };
    this.events.status(this.status);
  }
}
