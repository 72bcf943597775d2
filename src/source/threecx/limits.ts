/**
 * Every limit and interval of the 3CX source, by name. Callers may override single ones (tests
 * do); what the operator may set is in PbxConfig instead.
 */
export interface Limits {
  /** TCP, TLS and a proxy's tunnel together. */
  readonly connectTimeoutMs: number;
  /** One exchange over REST, from the question to the last byte of the answer. */
  readonly requestTimeoutMs: number;
  /** The same for one leg, where waiting costs order. */
  readonly entityTimeoutMs: number;
  /** From opening the WebSocket to its upgrade. */
  readonly handshakeTimeoutMs: number;
  /** Sockets kept to the PBX. */
  readonly connectionsMax: number;
  /** An idle socket is given up after this, unless the PBX names a shorter time. */
  readonly idleSocketMs: number;

  /** One frame; real ones are under 200 bytes. */
  readonly frameBytesMax: number;
  /** A frame beyond this ends the connection: it is not even read. */
  readonly framePayloadBytesMax: number;
  /** An answer about one leg; real ones are under 1 KiB. */
  readonly entityBytesMax: number;
  /** `GET /callcontrol`, all DNs with their devices and legs. */
  readonly snapshotBytesMax: number;
  /** One page of an XAPI set. */
  readonly pageBytesMax: number;
  /** Answers without data of interest: tokens, refusals. */
  readonly smallBytesMax: number;

  /**
   * Time between pings; the official sample sends one each 5 s, a quiet PBX says nothing for
   * hours.
   */
  readonly pingMs: number;
  /** After a ping without any sign of life for this long the connection is half-open. */
  readonly pongTimeoutMs: number;

  /** How long an answer that is late may hold back what the PBX said after it. */
  readonly holdMsMax: number;
  /** Frames not yet turned into activities; beyond it all is read anew. */
  readonly waitingFramesMax: number;
  /** Legs asked for at once. */
  readonly entityGetsMax: number;
  /** Pauses before a GET of a leg that failed, or came as something else, is tried again; then a fresh snapshot decides. */
  readonly entityRetryMs: readonly number[];
  /** What has not been answered about a leg by then is asked once more, beside it, if there is room among `entityGetsMax`. */
  readonly entityLateMs: number;
  /** How long after its Remove the PBX may still show a leg: it lags by up to a second. */
  readonly removedLagMs: number;
  /** How long a Remove is remembered, for answers to what was asked before it. */
  readonly removedKeptMs: number;
  readonly removedMax: number;

  /** All is read again this often, in case the PBX lost a frame. */
  readonly watchdogMs: number;
  /** Least time between two snapshots, however many reasons there are. */
  readonly snapshotGapMs: number;
  /** Pauses before a failed snapshot is tried again; then the connection is made anew. */
  readonly snapshotRetryMs: readonly number[];

  /** How long the first snapshot waits for names and active calls. */
  readonly firstDirectoryWaitMs: number;
  readonly directoryRefreshMs: number;
  /** What failed of the directory is read again after this, and with each failure after twice as long. */
  readonly directoryAgainMs: number;
  /** Least time between two readings of the directory because of an unknown DN. */
  readonly directoryGapMs: number;
  /** XAPI refuses `$top` beyond 100 with 400. */
  readonly pageRows: number;
  readonly pagesMax: number;

  /** Longest stretch of the call log that is read; what is older is left out. */
  readonly logWindowMsMax: number;
  /** Calls are logged by their start: so much earlier is asked for, to find those that ended. */
  readonly logLookBackMs: number;
  /** How far the PBX's clock may be from ours. */
  readonly logSlackMs: number;
  readonly logPagesMax: number;
  /** All pages together. */
  readonly logTimeoutMs: number;
  /** Pauses before a log that failed is read again: nothing else tells of calls that came and went unseen. */
  readonly logRetryMs: readonly number[];

  /** One recording; 1 GiB are 18 hours at 8 kHz and 16 bit. */
  readonly recordingBytesMax: number;
  /** Longest silence in the middle of a recording's download. */
  readonly downloadIdleMs: number;
  /** The whole of it, from the question to the last byte: who drips holds a place for others. */
  readonly downloadMsMax: number;

  /** Readings of the list of active calls that are asked for may follow at once so often, … */
  readonly activeCallsBurst: number;
  /**
   * … and then one each such time, or in ten times as long as the last one took, if that is less; clients that read the
   * list each second have been seen to be borne.
   */
  readonly activeCallsGapMs: number;
  /** A forbidden list of active calls is tried again after this, and then after twice as long each time, … */
  readonly forbiddenProbeMsMin: number;
  /** … up to this. */
  readonly forbiddenProbeMsMax: number;

  /**
   * A token is renewed this long before it ends, or at nine tenths of its life if that is later.
   */
  readonly tokenAheadMs: number;
  /** A renewal that failed is not tried again sooner, as long as the old token lasts. */
  readonly tokenRetryMs: number;
  /**
   * A whole part of the API that said 401 to a new token too gets no further token for this long.
   */
  readonly deniedKeptMs: number;

  /** A PBX that refuses us is asked again after this. */
  readonly refusedRetryMs: number;
  /** A connection that lived this long starts the back-off anew. */
  readonly settledMs: number;

  /**
   * The same complaint is logged at most once in this time; the next line says how many there
   * were.
   */
  readonly complaintGapMs: number;
  /** Names kept of DNs that were already complained about or asked for. */
  readonly namesMax: number;
  /** What a number was when it was last heard of counts for so long: longer than any call. */
  readonly heardKindKeptMs: number;
}

const kib = 1024;
const mib = 1024 * kib;

export const defaultLimits: Limits = {
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  entityTimeoutMs: 5_000,
  handshakeTimeoutMs: 10_000,
  connectionsMax: 32,
  idleSocketMs: 30_000,

  frameBytesMax: 64 * kib,
  framePayloadBytesMax: 16 * mib,
  entityBytesMax: 64 * kib,
  snapshotBytesMax: 32 * mib,
  pageBytesMax: 8 * mib,
  smallBytesMax: 64 * kib,

  pingMs: 10_000,
  pongTimeoutMs: 10_000,

  holdMsMax: 250,
  waitingFramesMax: 10_000,
  entityGetsMax: 16,
  entityRetryMs: [50, 250],
  entityLateMs: 500,
  removedLagMs: 1_000,
  removedKeptMs: 60_000,
  removedMax: 10_000,

  watchdogMs: 45_000,
  snapshotGapMs: 500,
  snapshotRetryMs: [250, 1_000, 3_000],

  firstDirectoryWaitMs: 2_000,
  directoryRefreshMs: 600_000,
  directoryAgainMs: 1_000,
  directoryGapMs: 30_000,
  pageRows: 100,
  pagesMax: 200,

  logWindowMsMax: 86_400_000,
  logLookBackMs: 3_600_000,
  logSlackMs: 60_000,
  logPagesMax: 20,
  logTimeoutMs: 30_000,
  logRetryMs: [500, 2_000],

  recordingBytesMax: 1024 * mib,
  downloadIdleMs: 30_000,
  downloadMsMax: 3_600_000,

  activeCallsBurst: 5,
  activeCallsGapMs: 100,
  forbiddenProbeMsMin: 1000,
  forbiddenProbeMsMax: 600_000,

  tokenAheadMs: 300_000,
  tokenRetryMs: 10_000,
  deniedKeptMs: 60_000,

  refusedRetryMs: 60_000,
  settledMs: 5_000,

  complaintGapMs: 60_000,
  namesMax: 1_000,
  heardKindKeptMs: 86_400_000,
};
