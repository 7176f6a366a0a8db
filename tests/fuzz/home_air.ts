// Where device fuzzing begins: a home that has joined, what each device's flash holds then, and the frames that each device heard.
import { DEFAULT_PLAN, type DeviceId, planIds } from "../../host/home/plan.ts";
import { House } from "../scenarios/house.ts";

/** Frames kept for each device. */
const FRAMES_MAX = 400;
const AFTER_JOIN_MS = 120_000;

export interface Station {
  name: DeviceId;
  records: Map<number, Uint8Array>;
  keys: [number, Buffer][];
  /** PSDUs without FCS that were on the air around it. */
  frames: Uint8Array[];
}

export interface HomeAir {
  stations: Map<DeviceId, Station>;
  /** Every key of the home. */
  keys: Buffer[];
}

/** A function of the seed. */
export function homeAir(seed: number): HomeAir {
  const house = new House("fuzz", { seed });
  const frames: { psdu: Uint8Array; source: string }[] = [];
  house.onFrame = ({ psdu, source }) => {
    if ((psdu[0] & 7) !== 2) frames.push({ psdu: Uint8Array.from(psdu.subarray(0, psdu.length - 2)), source });
  };
  house.join();
  house.run(AFTER_JOIN_MS);
  house.close();
  const stations = planIds(DEFAULT_PLAN).map((name) => {
    const { store, keys } = house.plug(name).flash;
    const heard = frames.filter(({ source }) => source !== name).map(({ psdu }) => psdu);
    // The join is at the beginning, and the daily life at the end.
    const kept = [...heard.slice(0, FRAMES_MAX / 2), ...heard.slice(-FRAMES_MAX / 2)];
    return { name, records: new Map(store), keys: keys.entries(), frames: kept };
  });
  const every = new Map(stations.flatMap(({ keys }) => keys.map(([, key]) => [key.toString("hex"), key] as const)));
  return { stations: new Map(stations.map((station) => [station.name, station])), keys: [...every.values()] };
}
