// The sealed keys of a module that runs under V8, with the schedules that are made of them.
import { type Schedule, scheduleOf } from "../crypto/aes.ts";
import { keyVariant } from "../crypto/mmo.ts";
import { Err } from "../err.ts";

export const KEY_SLOTS = 80;
export const KEY_VARIANTS = 3;

/** The keys of one device: no way leads from here into the module. */
export class KeySlots {
  private readonly keys = new Map<number, Buffer>();
  /** By slot and variant, made when first used. */
  private readonly schedules: (Schedule | undefined)[] = new Array(KEY_SLOTS * KEY_VARIANTS).fill(undefined);

  set(slot: number, key: Uint8Array): number {
    if (slot >= KEY_SLOTS) return Err.NoBuffer;
    this.keys.set(slot, Buffer.from(key));
    this.forget(slot);
    return Err.Ok;
  }

  clear(slot: number): number {
    if (slot >= KEY_SLOTS) return Err.NoBuffer;
    this.keys.delete(slot);
    this.forget(slot);
    return Err.Ok;
  }

  /** `selector` is slot | variant << 8; nothing for an empty slot or an unknown variant. */
  find(selector: number): Buffer | undefined {
    const key = this.keys.get(selector & 0xff);
    const variant = selector >>> 8;
    if (!key || variant >= KEY_VARIANTS) return undefined;
    return variant === 0 ? key : keyVariant(key, variant);
  }

  /** What `find` finds, ready for use. */
  schedule(selector: number): Schedule | undefined {
    const slot = selector & 0xff;
    const variant = selector >>> 8;
    if (slot >= KEY_SLOTS || variant >= KEY_VARIANTS) return undefined;
    return this.schedules[slot * KEY_VARIANTS + variant] ?? this.make(slot, variant);
  }

  entries(): [number, Buffer][] {
    return [...this.keys];
  }

  private make(slot: number, variant: number): Schedule | undefined {
    const key = this.find(slot | (variant << 8));
    if (!key) return undefined;
    const schedule = scheduleOf(key);
    this.schedules[slot * KEY_VARIANTS + variant] = schedule;
    return schedule;
  }

  private forget(slot: number): void {
    this.schedules.fill(undefined, slot * KEY_VARIANTS, (slot + 1) * KEY_VARIANTS);
  }
}
