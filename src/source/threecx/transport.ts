/**
 * How the PBX is reached: exchanges over HTTP, and the WebSocket. A simulation brings its own, in which time is
 * not real; everything behind it runs as it is.
 */
import { type Http, type HttpOptions, makeHttp } from "./http.ts";
import { openSocket, type SocketAnswer, type SocketOptions } from "./socket.ts";

export interface Transport {
  makeHttp(options: HttpOptions): Http;
  openSocket(options: SocketOptions, token: string, signal: AbortSignal): Promise<SocketAnswer>;
}

export const networkTransport: Transport = { makeHttp, openSocket };
