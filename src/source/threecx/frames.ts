/**
 * Reads frames and tells what each one asks for. Keeps count of the sequence: a hole means that a
 * frame was lost; a sequence that starts anew or repeats means nothing. Nor do holes, once there are so many that the
 * numbers must be the server's, counted for all its clients: what is lost then, the regular snapshots find. A frame that
 * cannot be read is as good as lost; of an event type that we do not know it is none of a leg's.
 */
import { assertNever } from "../../util/assertNever.ts";
import type { SourceCounters } from "../source.ts";
import { type Complaints, excerpt } from "./complaints.ts";
import type { LegAddress } from "./entities.ts";
import { legIdOf } from "./normalise.ts";
import { type Entity, type Frame, parseFrame } from "./parse.ts";

export interface FrameDuties {
  upsert(address: LegAddress): void;
  remove(address: LegAddress): void;
  /** More changed, or was lost, than one leg. */
  readAll(why: string): void;
}

/** A connection that loses so many frames of so few does not last. */
const holesMax = 10;
const holesAmong = 40;

export class FrameReader {
  readonly #duties: FrameDuties;
  readonly #complaints: Complaints;
  readonly #counters: SourceCounters;
  #sequence: number | null = null;
  /** Of the last frames that were counted. */
  #counted = 0;
  #holes = 0;

  constructor(duties: FrameDuties, complaints: Complaints, counters: SourceCounters) {
    this.#duties = duties;
    this.#complaints = complaints;
    this.#counters = counters;
  }

  read(text: string): void {
    const frame = parseFrame(text);
    if (frame === null) {
      this.#notRead(
        { frame: excerpt(text) },
        'Expected {"sequence":…,"event":{"event_type":…,"entity":…}}, got another frame; all legs are read anew.',
      );
      return;
    }
    this.#follow(frame.sequence);
    switch (frame.kind) {
      case "upsert":
      case "remove":
        this.#obey(frame, frame.kind);
        return;
      case "dtmf":
      case "promptFinished":
      case "response":
        return; // of no interest to who only watches
      case "unknown":
        this.#notUnderstood(
          { eventType: frame.eventType, entity: frame.path },
          `Expected event_type 0 to 4, got ${frame.eventType}; the frame is ignored.`,
        );
        return;
      default:
        assertNever(frame.kind);
    }
  }

  notRead(bytes: number): void {
    const line = `A frame of ${bytes} bytes is beyond its size limit; all legs are read anew.`;
    this.#notRead({ bytes }, line);
  }

  #notRead(fields: object, line: string): void {
    this.#notUnderstood(fields, line);
    this.#duties.readAll("a frame could not be read");
  }

  #notUnderstood(fields: object, line: string): void {
    this.#counters.framesNotUnderstood += 1;
    this.#complaints.complain("frame", fields, line);
  }

  #follow(sequence: number | null): void {
    if (sequence === null) return;
    const last = this.#sequence;
    this.#sequence = sequence;
    if (last === null || this.#holes >= holesMax) return;
    if (this.#counted >= holesAmong) this.#counted = this.#holes = 0;
    this.#counted += 1;
    if (sequence <= last + 1) return;
    this.#holes += 1;
    this.#duties.readAll(`frames ${last + 1} to ${sequence - 1} are missing`);
    if (this.#holes < holesMax) return;
    const line = `${holesMax} holes among ${this.#counted} frames: the PBX numbers them for all its clients. The numbers are left alone.`;
    this.#complaints.once("sequence", {}, line);
  }

  #obey(frame: Frame, kind: "upsert" | "remove"): void {
    const entity: Entity | null = frame.entity;
    switch (entity?.kind) {
      case undefined:
        this.#notRead(
          { entity: excerpt(frame.path) },
          "Expected an entity /callcontrol/{dn}/participants/{id}, got another path; all legs are read anew.",
        );
        return;
      case "participant": {
        const { dn, id } = entity;
        this.#duties[kind]({ legId: legIdOf(dn, id), dn, id });
        return;
      }
      case "dn":
        this.#duties.readAll(`DN ${entity.dn} changed as a whole`);
        return;
      case "device":
        return;
      default:
        assertNever(entity);
    }
  }
}
