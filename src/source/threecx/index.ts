/** The 3CX V20 source, as other rooms see it. */
export type { DirectoryEntry } from "./directory.ts";
export {
  type Found,
  type Inspection,
  type InspectOptions,
  inspectPbx,
  type VisibleDn,
} from "./inspect.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { createThreecxSource, type ThreecxSourceOptions } from "./threecxSource.ts";
