/**
 * What an operator may ask of the running service, put together from dispatcher and store for the admin API.
 * An endpoint that the configuration has, or the store owes something, is one that can be asked about.
 */
import type { EndpointStatus } from "./delivery/outlet.ts";
import type { Admin, EndpointReport } from "./http/routes/api.ts";
import type { RecordingsAdmin } from "./http/routes/recordings.ts";
import type { EndpointCounts, Lookup } from "./outbox/lookup.ts";
import type { Replayer } from "./outbox/replayer.ts";

export interface AdminOptions {
  readonly outbox: Lookup;
  readonly dispatcher: {
    status(): readonly EndpointStatus[];
    resume(name: string): boolean;
  };
  readonly replayer: Replayer;
  readonly recordings: RecordingsAdmin;
  readonly token: () => string;
}

export function createAdmin(options: AdminOptions): Admin {
  const { outbox, dispatcher, replayer, recordings, token } = options;
  return {
    token,
    recordings,
    async endpoints() {
      const counts = new Map((await outbox.endpointCounts()).map((each) => [each.endpoint, each]));
      const statuses = new Map(dispatcher.status().map((each) => [each.name, each]));
      const names = [...new Set([...statuses.keys(), ...counts.keys()])].sort();
      return names.map((name) => reportOf(name, statuses.get(name), counts.get(name)));
    },
    resume: async (name) => dispatcher.resume(name),
    list: (filter, page) => outbox.list(filter, page),
    show: (deliveryId) => outbox.show(deliveryId),
    replay: (order) => replayer.step(order),
  };
}

/** `status` is missing for an endpoint that is gone from the configuration and is owed nothing. */
function reportOf(
  name: string,
  status: EndpointStatus | undefined,
  counts: EndpointCounts | undefined,
): EndpointReport {
  const { state, ...detail } = status?.condition ?? { state: "unconfigured" };
  const { endpoint: _, ...numbers } = counts ?? noCounts(name);
  const { lastSuccessAt = null, lastFailure = null } = status ?? {};
  return { name, state, detail: { ...detail, lastSuccessAt, lastFailure }, ...numbers };
}

export function noCounts(endpoint: string): EndpointCounts {
  const none = { pending: 0, delivered: 0, dead: 0, expired: 0, deadRemoved: 0 };
  return { endpoint, ...none, oldestPendingAt: null };
}
