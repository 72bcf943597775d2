/** An XAPI on the table, for tests: a real PBX, a clock that stands still, no network. */
import { type Directory, defaultDirectory } from "../../src/simulator/directory.ts";
import { Pbx } from "../../src/simulator/pbx.ts";
import type { SimAnswer, SimRequest } from "../../src/simulator/seam.ts";
import { defaultSettings, type SettingsPatch } from "../../src/simulator/settings.ts";
import { VirtualClock } from "../../src/simulator/virtualClock.ts";
import type { Row } from "../../src/simulator/xapi/odata/schema.ts";
import { registerXapi } from "../../src/simulator/xapi/xapi.ts";

export const TOKEN = "good";
const ORIGIN = "http://pbx.example:5001";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What a client parses out of the answer. */
  readonly body: unknown;
}

export class XapiBench {
  readonly clock = new VirtualClock();
  readonly pbx: Pbx;
  readonly #handle: ReturnType<typeof registerXapi>;

  constructor(directory: Directory = defaultDirectory(), settings: SettingsPatch = {}) {
    this.pbx = new Pbx(directory, defaultSettings(settings), this.clock, () => 0.5);
    this.#handle = registerXapi({
      pbx: this.pbx,
      clock: this.clock,
      directory: () => this.pbx.directory,
      settings: () => this.pbx.settings,
      authorise: ({ headers }) =>
        headers.authorization === `Bearer ${TOKEN}`
          ? (this.pbx.directory.clients[0] ?? null)
          : null,
    });
  }

  /** The handler's answer as it is; undefined = not XAPI's. */
  async raw(method: string, path: string, body?: unknown, token = TOKEN) {
    const url = new URL(path, ORIGIN);
    const request: SimRequest = {
      method,
      url,
      path: url.pathname,
      headers: { authorization: `Bearer ${token}`, host: "pbx.example:5001" },
      body: typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body),
      remoteAddress: "127.0.0.1",
    };
    return this.#handle(request);
  }

  async ask(method: string, resource: string, body?: unknown): Promise<Reply> {
    const answer: SimAnswer = (await this.raw(method, `/xapi/v1${resource}`, body)) ?? {
      status: 404,
    };
    const { status, headers = {} } = answer;
    const json = answer.body === undefined ? "null" : JSON.stringify(answer.body);
    const sent = Buffer.isBuffer(answer.body) ? answer.body : JSON.parse(json);
    return { status, headers, body: sent };
  }

  async rows(resource: string): Promise<Row[]> {
    const { status, body } = await this.ask("GET", resource);
    if (status !== 200) throw new Error(`${resource}: ${status} ${JSON.stringify(body)}`);
    return listIn(body);
  }
}

export function listIn(body: unknown): Row[] {
  return (body as { value: Row[] }).value;
}

/** The call log of a stretch of time, all of it. */
export const callLog = (from: string, to: string) =>
  `/ReportCallLogData/Pbx.GetCallLogData(periodFrom=${from},periodTo=${to},sourceType=0,` +
  "sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0," +
  "callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)";
